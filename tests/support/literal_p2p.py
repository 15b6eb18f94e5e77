"""Prompt-to-Prompt written out: what each attention layer takes in and gives, against float64.

A `Tap` notes the projections of every layer before any edit, and what reaches its to_out; the
maps are then built as the papers write them, column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

import nodes as host_nodes
from hrv_pack.hrv.heads import CrossAttentionLayer, cross_attention_layers, head_table
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.nodes.p2p.nodes import HRVP2PEdit
from hrv_pack.nodes.prompts.nodes import HRVPrompt

STEPS, CROSS, SELF = 5, 3, 2  # cross_replace 0.6 and self_replace 0.4 of five steps
SOURCE, TARGET = "a red cat on a mat", "a blue cat on a mat"
Pairs = Mapping[int, Sequence[tuple[int, float]]]
"""Of each target token the source tokens whose maps it takes, with their shares."""


def prompt(clip: Any, text: str) -> Any:
    return HRVPrompt.execute(text, clip).args[0]


def latents(images: int = 1, height: int = 8, width: int = 8) -> dict[str, Any]:
    return {"samples": torch.zeros(images, 4, height, width)}


def relevance(model: Any) -> HeadRelevance:
    heads = head_table(model.get_model_object("diffusion_model"))
    rows = torch.rand(2, len(heads), generator=torch.Generator().manual_seed(7))
    vectors = rows * (len(heads) / rows.sum(dim=1, keepdim=True))
    return HeadRelevance(("Color", "Animals"), (("red",), ("cat",)), heads, vectors)


def share(fraction: float) -> dict[str, Any]:
    """self_replace as the page sends it."""
    return {"self_replace": "custom", "share": fraction}


def edit(model: Any, source: Any, target: Any, latent: Any, **inputs: Any) -> Any:
    """MODEL, CONDITIONING and LATENT of P2P-HRV Edit."""
    chosen = {
        "mode": "replace",
        "words": "",
        "cross_replace": CROSS / STEPS,
        "self_replace": share(SELF / STEPS),
        "concept": "Color",
        "strength": 1.0,
        "layers": "1/4 of the latent",
    }
    return HRVP2PEdit.execute(model, source, target, latent, **{**chosen, **inputs}).args


def sample(
    model: Any,
    positive: Any,
    negative: Any,
    latent: Any,
    sampler: str = "euler",
    denoise: float = 1.0,
    steps: int = STEPS,
) -> Tensor:
    chosen = (model, 3, steps, 5.0, sampler, "normal", positive, negative, latent, denoise)
    return host_nodes.KSampler().sample(*chosen)[0]["samples"]


class Tap:
    """What each attention layer projects before any edit, and what reaches its to_out."""

    def __init__(self, model: Any) -> None:
        self.unet = model.get_model_object("diffusion_model")
        self.layers = cross_attention_layers(self.unet)
        self.seen: dict[Any, list[Tensor]] = {}
        self.handles: list[Any] = []
        cross = {id(layer.attention): layer for layer in self.layers}
        for block in self.unet.modules():
            if id(getattr(block, "attn2", None)) in cross:
                self._watch(("cross", cross[id(block.attn2)]), block.attn2)
                self._watch(("self", cross[id(block.attn2)]), block.attn1)

    def _watch(self, key: tuple[Any, ...], attention: Any) -> None:
        for name in ("to_q", "to_k", "to_v"):
            hook = lambda _m, _a, out, at=(*key, name): self._keep(at, out)  # noqa: E731
            self.handles.append(getattr(attention, name).register_forward_hook(hook))
        hook = lambda _m, args, at=(*key, "out"): self._keep(at, args[0])  # noqa: E731
        self.handles.append(attention.to_out[0].register_forward_pre_hook(hook))

    def _keep(self, key: Any, x: Tensor) -> None:
        self.seen.setdefault(key, []).append(x.double())

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()

    def calls(self, kind: str, layer: CrossAttentionLayer) -> Iterator[tuple[Tensor, ...]]:
        """(q, k, v, out) of each UNet call, heads apart: (B, h, N, d); out flat."""
        parts = [self.seen[kind, layer, name] for name in ("to_q", "to_k", "to_v", "out")]
        for q, k, v, out in zip(*parts, strict=True):
            split = [x.unflatten(-1, (layer.heads, -1)).transpose(1, 2) for x in (q, k, v)]
            yield *split, out


def attention_map(q: Tensor, k: Tensor) -> Tensor:
    return torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)


def merge(maps: Tensor, v: Tensor) -> Tensor:
    return (maps @ v).transpose(-3, -2).flatten(-2)


def equation_7_or_8(
    source_map: Tensor, target_map: Tensor, pairs: Pairs, own: Collection[int], r: Tensor
) -> Tensor:
    """M~ (h, N, T), column by column: r M*_j for j in own, else the paired source columns."""
    edited = torch.zeros_like(target_map)
    for j in range(target_map.shape[-1]):
        if j in own:
            edited[..., j] = r[:, None] * target_map[..., j]
        else:
            for i, part in pairs.get(j, ()):
                edited[..., j] += part * source_map[..., i]
    return edited


def check_every_layer(
    tap: Tap,
    rows: Sequence[tuple[int, int]],
    pairs: Pairs,
    own: Collection[int],
    r_of: Callable[[CrossAttentionLayer], Any],
    cross: int = CROSS,
    replaced: int = SELF,
    limit: int = 16,
) -> None:
    """Every layer of every call in both rows of each pair: (source, target) batch rows.

    cross, replaced: how many calls replace cross-attention and, up to `limit` pixels,
    self-attention.
    """
    for layer in tap.layers:
        for step, (q, k, v, out) in enumerate(tap.calls("cross", layer)):
            for s, t in rows:
                source = attention_map(q[s], k[s])
                assert_close(out[s], merge(source, v[s]))
                maps = attention_map(q[t], k[t])
                if step < cross:
                    maps = equation_7_or_8(source, maps, pairs, own, r_of(layer))
                assert_close(out[t], merge(maps, v[t]))
        for step, (q, k, v, out) in enumerate(tap.calls("self", layer)):
            for s, t in rows:
                use = s if step < replaced and q.shape[2] <= limit else t
                assert_close(out[t], merge(attention_map(q[use], k[use]), v[t]))
                assert_close(out[s], merge(attention_map(q[s], k[s]), v[s]))


def assert_close(found: Tensor, expected: Tensor) -> None:
    assert (found - expected).norm() < 2e-5 * expected.norm() + 1e-9


def one_to_one(length: int = 77) -> dict[int, list[tuple[int, float]]]:
    return {j: [(j, 1.0)] for j in range(length)}


def ones(layer: CrossAttentionLayer) -> Tensor:
    return torch.ones(layer.heads, dtype=torch.float64)
