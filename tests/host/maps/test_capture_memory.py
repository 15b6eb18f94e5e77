"""What capturing takes at true sizes: the real code on every layer's own shapes."""

from __future__ import annotations

import weakref
from types import SimpleNamespace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from hrv_pack.hrv import attention
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.maps import HeadMaps
from hrv_pack.nodes.host.transformer.maps import ProjectedMaps
from hrv_pack.nodes.maps.capture_hook import Part

pytestmark = pytest.mark.usefixtures("host")
KEYS, TEN = 77, tuple(range(1, 11))
# (heads, pixels, channels per head) of every layer in call order: down, mid, up
SD15 = (
    [(8, 4096, 40)] * 2 + [(8, 1024, 80)] * 2 + [(8, 256, 160)] * 2,
    [(8, 64, 160)],
    [(8, 256, 160)] * 3 + [(8, 1024, 80)] * 3 + [(8, 4096, 40)] * 3,
)
SDXL = (
    [(10, 4096, 64)] * 4 + [(20, 1024, 64)] * 20,
    [(20, 1024, 64)] * 10,
    [(20, 1024, 64)] * 30 + [(10, 4096, 64)] * 6,
)


class Peak(TorchDispatchMode):
    """The most bytes that tensors made under it held at once."""

    def __init__(self, given=()):
        super().__init__()
        self.live = self.most = 0
        self.known = {tensor.untyped_storage()._cdata for tensor in given}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for made in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(made, torch.Tensor):
                self._count(made.untyped_storage())
        return result

    def _count(self, storage):
        if storage._cdata not in self.known:
            self.known.add(storage._cdata)
            self.live += storage.nbytes()
            self.most = max(self.most, self.live)
            weakref.finalize(storage, self._forget, storage._cdata, storage.nbytes())

    def _forget(self, key, size):
        self.known.discard(key)
        self.live -= size


def layers(structure):
    for place, shapes in zip(("down", "mid", "up"), structure, strict=True):
        for number, shape in enumerate(shapes):
            yield place, number, *shape


def capture(structure, latent, dtype):
    """Two evaluations of every layer; (the maps, the most bytes ever held)."""
    table = HeadTable(tuple((place, n, heads) for place, n, heads, *_ in layers(structure)))
    maps = HeadMaps(table, len(TEN), latent)
    part = Part(slice(1, 2), slice(0, None), SimpleNamespace(semantic=TEN), KEYS)
    given = {
        shape: [torch.randn(2, rows, shape[0] * shape[2]).to(dtype) for rows in (shape[1], KEYS)]
        for _, _, *rest in layers(structure)
        for shape in [tuple(rest)]
    }
    inputs = [tensor for pair in given.values() for tensor in pair]
    # inference mode would hide from it what is made inside matmul and softmax
    with torch.no_grad(), Peak(inputs) as peak:
        for place, n, heads, pixels, width in [*layers(structure)] * 2:
            q, k = given[heads, pixels, width]
            found = part.maps(KEYS, ProjectedMaps(q, k, heads))
            assert maps.add(place, n, found, 0)
    return maps, peak


@pytest.mark.parametrize("chunk", ["CHUNK_CPU", "CHUNK_GPU"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize(
    ("structure", "latent", "kept", "limit"),
    [(SD15, (64, 64), 9e6, 40e6), (SDXL, (128, 128), 66e6, 200e6)],
    ids=["SD1.5 at 512x512", "SDXL at 1024x1024"],
)
def test_ten_tokens_stay_within_the_limit_while_they_are_captured(
    structure, latent, kept, limit, dtype, chunk, monkeypatch
):
    """40 MB on SD1.5 and 200 MB on SDXL, chunks of maps and all else that is made included."""
    monkeypatch.setattr(attention, "CHUNK_CPU", getattr(attention, chunk))
    maps, peak = capture(structure, latent, dtype)
    assert 0.9 * kept < maps.nbytes < kept
    assert maps.nbytes < peak.most < maps.nbytes + 20e6 < limit
    assert maps.nbytes <= peak.live < maps.nbytes + 2e6  # the last layer's, at most


def test_the_count_sees_what_comes_and_goes():
    with Peak() as peak:
        kept = torch.zeros(1000)
        torch.ones(3000).sum()
        kept += 1
    assert peak.most == 4 * 4001
    assert peak.live == 4 * 1000
