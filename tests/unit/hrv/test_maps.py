"""Laws of the store of attention maps."""

from __future__ import annotations

import pytest
import torch
from head_tables import SD1, SD1_HALVINGS, SDXL

from hrv_pack.hrv.maps import HeadMaps
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
