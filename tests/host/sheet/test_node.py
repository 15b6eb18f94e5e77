"""HRV Sheet takes lists as the host hands them over, and says where they do not fit."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.nodes.sheet.entries import read_entries

pytestmark = pytest.mark.usefixtures("host")


def batch(count: int, channels: int = 3) -> torch.Tensor:
    return torch.rand(count, 8, 12, channels, generator=torch.Generator().manual_seed(count))


def test_each_image_of_the_list_gets_its_label():
    images = [batch(1), batch(2), batch(3)]
    found = read_entries(images, ["a", "b", "c"])
    assert [(each.caption, len(each.images)) for each in found] == [("a", 1), ("b", 2), ("c", 3)]
    expected = (images[1][1] * 255).round().byte().numpy()
    assert (found[1].images[1] == expected).all()


def test_of_a_lone_batch_each_image_is_one():
    found = read_entries([batch(3)], ["plain\nhalf\n full "])
    assert [(each.caption, len(each.images)) for each in found] == [
        ("plain", 1),
        ("half", 1),
        ("full", 1),
    ]


@pytest.mark.parametrize("labels", [[], [""], ["", ""], [" \n"]])
def test_without_labels_there_are_no_captions(labels):
    assert [each.caption for each in read_entries([batch(1), batch(1)], labels)] == ["", ""]


def test_what_is_brighter_or_transparent_is_shown_as_the_host_shows_it():
    (found,) = read_entries([batch(1, channels=4) * 3 - 1], [""])
    assert found.images[0].shape == (8, 12, 3)
    assert found.images[0].min() == 0 and found.images[0].max() == 255


@pytest.mark.parametrize("labels", [["a"], ["a", "b", "c"], ["a\nb\nc"]])
def test_another_number_of_labels_is_refused_with_both_numbers(labels):
    count = 1 if labels == ["a"] else 3
    with pytest.raises(ValueError, match=f"2 images came with {count} labels"):
        read_entries([batch(1), batch(1)], labels)
