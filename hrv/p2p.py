"""Prompt-to-Prompt (arXiv 2208.01626) and P2P-HRV (arXiv 2412.02237, section 5.2).

An edit is two factor tables around a mapper P, so that no attention map has to be built:
    M~ V_t = Attn(Q_s, K_s, P (a V_t)) + Attn(Q_t, K_t, b V_t)
s: source, t: target; T: tokens; H: heads of the model; h: heads of one layer; d: their width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d

from .attention import repeated, scale_value_rows
from .text.align import Alignment


@dataclass(frozen=True, eq=False)
class CrossEdit:
    """mapper P (T_s, T_t); taken a and own b (T_t, H), float32: factors on the target's values.

    `taken` scales what a target token takes over from the source's maps, `own` its own map.
    """

    mapper: Tensor
    taken: Tensor
    own: Tensor


def exchange(
    alignment: Alignment, heads: int, edited: Sequence[int], r: Tensor | None
) -> CrossEdit:
    """Replace and refine: HRV, equations 7 and 8.

    Target token j takes over the mapped source map; new tokens keep their own (equation 7 has
    none in replace). With r (H,) the tokens `edited` have r_h times their own map instead
    (equation 8: every differing token; the published code: the named words).
    """
    own = torch.zeros(alignment.mapper.shape[1], heads)
    own[list(alignment.new)] = 1
    kept = set(alignment.new)
    if r is not None:
        own[list(edited)] = r
        kept |= set(edited)
    taken = torch.ones_like(own)
    taken[list(kept)] = 0
    return CrossEdit(alignment.mapper, taken, own)


def reweight(
    alignment: Alignment, heads: int, edited: Sequence[int], weight: float, r: Tensor | None
) -> CrossEdit:
    """Reweight: the edited tokens' maps times `weight`, and times r (H,) if given.

    Prompt-to-Prompt, 'attention re-weighting'; with r the weight differs by head.
    """
    plain = exchange(alignment, heads, (), None)
    factor = torch.full((heads,), weight) * (1 if r is None else r)
    plain.taken[list(edited)] *= factor
    plain.own[list(edited)] *= factor
    return plain


def taken_values(v: Tensor, mapper: Tensor, taken: Tensor) -> Tensor:
    """P (a V_t): v (B, T_t, h*d), mapper (T_s, T_t), taken (T_t, h) -> (B, T_s, h*d)."""
    factors = taken.expand(len(v), *taken.shape)
    return mapper.to(v.dtype) @ scale_value_rows(v, factors)


def own_values(v: Tensor, own: Tensor) -> Tensor:
    """b V_t for every copy of a target's context: v (B, n*T_t, h*d), own (T_t, h) -> like v."""
    factors = repeated(own, v.shape[1])
    return scale_value_rows(v, factors.expand(len(v), *factors.shape))


def blend_mask(maps: Tensor, size: tuple[int, int], threshold: float) -> Tensor:
    """Local blend: where either prompt's words attend.

    maps (2, n, h, w): word maps of source and target, summed over steps and layers. Each is
    max-pooled 3 x 3, enlarged to `size` by nearest neighbour and divided by its maximum; the
    union of what exceeds the threshold, (n, 1, *size) bool (Prompt-to-Prompt, 'local editing').
    """
    pooled = max_pool2d(maps.float(), 3, stride=1, padding=1)
    large = interpolate(pooled, size=size)
    peak = large.amax(dim=(2, 3), keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)
    return (large / peak > threshold).any(dim=0)[:, None]
