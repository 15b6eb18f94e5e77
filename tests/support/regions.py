"""Packs that mix prompts by region or double a context, as small as they can be, and written out.

Two ways to mix are in use: rows are repeated by region before a layer (`by_rows`), or a layer is
replaced by one that projects the regions' prompts itself (`by_layers`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import comfy.hooks
import torch
from comfy.ldm.modules.attention import CrossAttention, optimized_attention
from literal_steering import unet_of
from torch import Tensor
from torch.nn.functional import interpolate

from hrv_pack.hrv.heads import cross_attention_layers, head_table


@dataclass
class Region:
    """A prompt's embedding (1, T, C), where it counts (h, w), and how strong its rows are.

    rescaled: factors (H,) of the columns of its maps, for what is written out.
    """

    embedding: Tensor
    mask: Tensor
    strength: float = 1.0
    rescaled: dict[int, Tensor] = field(default_factory=dict)

    def seen_by(self, pixels: int, height: int = 8) -> Tensor:
        """Its mask at the size of a layer of a square latent (1, pixels, 1)."""
        size = int(pixels**0.5)
        return interpolate(self.mask[None, None], size=(size, size)).reshape(1, pixels, 1)


class Steps:
    """How often a model was called."""

    count = 0

    def counting(self, model: Any) -> Any:
        def called(apply: Any, given: Any) -> Tensor:
            self.count += 1
            return apply(given["input"], given["timestep"], **given["c"])

        model = model.clone()
        model.set_model_unet_function_wrapper(called)
        return model


def halves(side: int = 8) -> tuple[Tensor, Tensor]:
    """Left and right of a square latent."""
    left = torch.zeros(side, side)
    left[:, : side // 2] = 1.0
    return left, 1.0 - left


def by_rows(model: Any, regions: list[Region], halve: bool = False) -> Any:
    """The first region takes the rows of the sampler's own positive."""
    model, patches = model.clone(), _patches(regions, halve)
    model.set_model_attn2_patch(patches["attn2_patch"][0])
    model.set_model_attn2_output_patch(patches["attn2_output_patch"][0])
    return model


def by_hooks(conditioning: Any, regions: list[Region]) -> Any:
    """The same as patches that a conditioning carries."""
    carried = comfy.hooks.TransformerOptionsHook(
        {"patches": _patches(regions)}, hook_scope=comfy.hooks.EnumHookScope.HookedOnly
    )
    group = comfy.hooks.HookGroup()
    group.add(carried)
    return comfy.hooks.set_hooks_for_conditioning(conditioning, hooks=group)


def _patches(regions: list[Region], halve: bool = False) -> dict[str, Any]:
    def before(q: Tensor, k: Tensor, v: Tensor, extra: Any) -> tuple[Tensor, ...]:
        parts: tuple[list[Tensor], ...] = ([], [], [])
        kinds = extra["cond_or_uncond"]
        for kind, *chunks in zip(kinds, *(x.chunk(len(kinds)) for x in (q, k, v)), strict=True):
            repeat = 1 if kind else len(regions)
            parts[0].append(chunks[0].repeat(repeat, 1, 1))
            for start, chunk, part in zip((0, 1), chunks[1:], parts[1:], strict=True):
                rows = [chunk if kind else chunk * regions[0].strength]
                for region in [] if kind else regions[1:]:
                    own = region.embedding[:, start::2] if halve else region.embedding
                    own = own.repeat(len(chunk), chunk.shape[1] // own.shape[1], 1)
                    rows.append(own * region.strength)
                part.append(torch.cat(rows))
        return tuple(torch.cat(part) for part in parts)

    def after(out: Tensor, extra: Any) -> Tensor:
        kinds, rows = extra["cond_or_uncond"], []
        images = len(out) // sum(1 if kind else len(regions) for kind in kinds)
        for kind in kinds:
            if kind:
                rows.append(out[:images])
            else:
                each = zip(regions, out.split(images), strict=False)
                rows.append(sum(part * one.seen_by(out.shape[1]) for one, part in each))
            out = out[images * (1 if kind else len(regions)) :]
        return torch.cat(rows)

    return {"attn2_patch": [before], "attn2_output_patch": [after]}


def by_layers(model: Any, regions: list[Region], negative: Tensor) -> Any:
    """Every layer projects the prompts anew, each once for all images."""
    model, unet = model.clone(), unet_of(model)
    for kind, blocks in (("input", unet.input_blocks), ("output", unet.output_blocks)):
        for number, block in enumerate(blocks):
            _replace(model, block, (kind, number), regions, negative)
    _replace(model, unet.middle_block, ("middle", 0), regions, negative)
    return model


def _replace(model: Any, block: Any, name: tuple[str, int], regions: Any, negative: Any) -> None:
    inner = [m for m in block.modules() if hasattr(m, "attn2")]
    for number, one in enumerate(inner):
        patch = partial(_projected, one.attn2, regions, negative)
        model.set_model_attn2_replace(patch, *name, number)


def _projected(
    attention: Any, regions: list[Region], negative: Tensor, q: Tensor, k: Any, v: Any, extra: Any
) -> Tensor:
    kinds, rows = extra["cond_or_uncond"], []
    for kind, chunk in zip(kinds, q.chunk(len(kinds)), strict=True):
        context = negative if kind else torch.cat([region.embedding for region in regions])
        keys, values = attention.to_k(context), attention.to_v(context)
        parts = []
        for number, key in enumerate(keys):
            own = [x.repeat(len(chunk), 1, 1) for x in (key, values[number])]
            part = optimized_attention(chunk, *own, attention.heads)
            parts.append(part if kind else part * regions[number].seen_by(q.shape[1]))
        rows.append(sum(parts))
    return torch.cat(rows)


def negpip(model: Any, clip: Any) -> tuple[Any, Any]:
    """Every token twice in a context, once as it is read and once with the sign of its weight."""
    model, clip = model.clone(), clip.clone()
    model.set_model_attn2_patch(lambda q, k, v, _extra: (q, k[:, 0::2], v[:, 1::2]))
    encoder = clip.patcher.model.clip_l
    plain = partial(type(encoder).encode_token_weights, encoder)

    def doubled(chunks: Any) -> Any:
        sizes = [[(token, abs(weight)) for token, weight, *_ in chunk] for chunk in chunks]
        keys, *rest = plain(sizes)
        signs = torch.tensor([1.0 if weight >= 0 else -1.0 for c in chunks for _, weight, *_ in c])
        values = keys * signs[None, :, None]
        return (torch.stack([keys, values], dim=2).flatten(1, 2), *rest)

    clip.patcher.add_object_patch("clip_l.encode_token_weights", doubled)
    return model, clip


class Literal:
    """Regions written out in float64 in place of the host's attention, without any pack.

    For the positive's rows each region's map of its own prompt, columns rescaled, times its mask;
    halved: keys are the even rows of a context, values the odd ones.
    """

    def __init__(self, model: Any, regions: list[Region], halved: bool = False) -> None:
        self.heads, self.regions, self.halved = head_table(unet_of(model)), regions, halved
        self.layers = {id(la.attention): la for la in cross_attention_layers(unet_of(model))}
        self.maps: dict[Any, list[list[Tensor]]] = {}

    def install(self, monkeypatch: Any) -> Literal:
        literal = self
        monkeypatch.setattr(
            CrossAttention, "forward", lambda self, x, *a, **k: literal(self, x, *a, **k)
        )
        return self

    def __call__(self, attention, x, context=None, value=None, mask=None, transformer_options=None):
        layer = self.layers.get(id(attention))
        if layer is None:
            q, k, v = (
                attention.to_q(x),
                *(to(x if context is None else context) for to in (attention.to_k, attention.to_v)),
            )
            return attention.to_out(optimized_attention(q, k, v, attention.heads))
        kinds, rows = transformer_options["cond_or_uncond"], []
        for kind, q, own in zip(
            kinds,
            attention.to_q(x).chunk(len(kinds)),
            context.chunk(len(kinds)),
            strict=True,
        ):
            rows.append(self._plain(attention, q, own) if kind else self._mixed(layer, q))
        return attention.to_out(torch.cat(rows).float())

    def _plain(self, attention: Any, q: Tensor, context: Tensor) -> Tensor:
        maps, v = self._map(attention, q, context)
        return (maps @ v).transpose(1, 2).flatten(-2)

    def _mixed(self, layer: Any, q: Tensor) -> Tensor:
        total: Any = 0.0
        seen = []
        for region in self.regions:
            context = region.embedding.repeat(len(q), 1, 1) * region.strength
            maps, v = self._map(layer.attention, q, context)
            seen.append(maps.clone())
            for column, r in region.rescaled.items():
                own = r[self.heads.span(layer.stage, layer.layer)].double()
                maps[..., column] *= own[:, None]
            mask = region.seen_by(q.shape[1]).double()
            total = total + (maps @ v).transpose(1, 2).flatten(-2) * mask
        self.maps.setdefault((layer.stage, layer.layer), []).append(seen)
        return total

    def _map(self, attention: Any, q: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        keys, values = (context[:, 0::2], context[:, 1::2]) if self.halved else (context, context)
        parts = (q, attention.to_k(keys), attention.to_v(values))
        q, k, v = (t.double().unflatten(-1, (attention.heads, -1)).transpose(1, 2) for t in parts)
        return torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1), v
