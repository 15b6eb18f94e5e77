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


@pytest.mark.parametrize("count", [1, 4])
def test_a_lone_batch_with_one_label_is_a_row(count):
    """As a sweep of a single strength leads to."""
    (found,) = read_entries([batch(count)], ["plain"])
    assert (found.caption, len(found.images)) == ("plain", count)


def test_without_any_image_there_is_nothing_to_lay_out():
    assert read_entries([batch(0)], [""]) == read_entries([], []) == []


@pytest.mark.parametrize("labels", [[], [""], ["", ""], [" \n"]])
def test_without_labels_there_are_no_captions(labels):
    assert [each.caption for each in read_entries([batch(1), batch(1)], labels)] == ["", ""]


def test_what_is_brighter_or_transparent_is_shown_as_the_host_shows_it():
    (found,) = read_entries([batch(1, channels=4) * 3 - 1], [""])
    assert found.images[0].shape == (8, 12, 3)
    assert found.images[0].min() == 0 and found.images[0].max() == 255


@pytest.mark.parametrize(
    ("labels", "found"),
    [(["a"], "1 label"), (["a", "b", "c"], "3 labels"), (["a\nb\nc"], "3 labels")],
)
def test_another_number_of_labels_is_refused_with_both_numbers(labels, found):
    with pytest.raises(ValueError, match=rf"2 images came with {found}\."):
        read_entries([batch(1), batch(1)], labels)
