"""Laws of the store of attention maps."""

from __future__ import annotations

import pytest
import torch
from head_tables import SD1, SD1_HALVINGS, SDXL

from hrv_pack.hrv.maps import Grid, HeadMaps, halvings_within
from hrv_pack.hrv.resolution import side_after


def test_adding_is_a_mean_over_evaluations_and_refuses_other_shapes():
    maps = HeadMaps(SD1, 3, (4, 4))
    one, two = torch.rand(1, 8, 16, 2), torch.rand(1, 8, 16, 2)
    assert maps.add("up", 0, one, 1) and maps.add("up", 0, two, 1)
    assert not maps.add("up", 0, torch.rand(2, 8, 16, 2), 1)
    assert not maps.add("up", 0, torch.rand(1, 8, 4, 2), 1)
    assert not maps.add("up", 1, torch.rand(1, 8, 5, 2), 1)
    (layer,) = maps.means([2, 1])
    wanted = ((one + two) / 2)[..., [1, 0]].transpose(-1, -2).reshape(1, 8, 2, 4, 4)
    torch.testing.assert_close(layer.maps, wanted)
    assert (layer.stage, layer.layer, layer.size) == ("up", 0, (4, 4))
    with pytest.raises(ValueError, match="no step"):
        maps.means([0])
    assert maps.nbytes == 8 * 16 * 3 * 4


@pytest.mark.parametrize(
    ("heads", "latent", "halvings", "limit"),
    [(SD1, (64, 64), SD1_HALVINGS, 40), (SDXL, (128, 128), None, 200)],
)
def test_ten_tokens_stay_within_the_memory_limit(heads, latent, halvings, limit):
    """40 MB on SD1.5 at 512 x 512 and 200 MB on SDXL at 1024 x 1024."""
    maps = HeadMaps(heads, 10, latent)
    for i, (stage, layer, count) in enumerate(heads.layers):
        halved = halvings[i] if halvings else 1 if count == 10 else 2
        h, w = (side_after(length, halved) for length in latent)
        assert maps.add(stage, layer, torch.empty(1, count, h * w, 10, device="meta"), 0)
    assert len(heads) in (128, 1300)
    assert maps.nbytes < limit * 10**6


@pytest.mark.parametrize("halved", [0, 1, 2])
def test_a_grid_keeps_each_frame_and_the_means_of_its_pixels(halved):
    maps = torch.rand(2, 3, 2 * 5 * 6 + 4, 7)  # two frames and four rows that are no pixels
    found = Grid(2, (5, 6), halved).kept(maps)
    size = -(-5 // 2**halved), -(-6 // 2**halved)
    assert found.shape == (4, 3, size[0] * size[1], 7)
    frame = maps[1, 2, 30:60, 3].reshape(5, 6)  # of the second image the second
    small = found[3, 2, :, 3].reshape(size)
    side = 2**halved
    torch.testing.assert_close(small[0, 0], frame[:side, :side].mean())
    assert halved != 1 or torch.allclose(small[2, 1], frame[4:, 2:4].mean())


def test_maps_are_halved_until_they_fit():
    assert [halvings_within(values, 100) for values in (1, 100, 101, 400, 401)] == [0, 0, 1, 1, 2]
