"""From the settings of P2P-HRV Edit to the hooks that edit a pair of prompts."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ...hrv.p2p import CrossEdit, exchange, reweight
from ...hrv.text.align import Alignment, align
from ...hrv.text.search import in_any
from ..host.hooks import Hook
from ..prompts.tag import Prompt
from .local_blend import LocalBlend, Words
from .pair_edit import PairEdit
from .settings import LABEL, P2PSettings, WordEdit


def pair_hooks(
    pair: Prompt, settings: P2PSettings, heads: int, r: Tensor | None
) -> list[Hook[Any]]:
    """The hooks for a model of so many heads; with an HRV, r (H,) rescales the edited words.

    ValueError where the settings do not fit the two prompts.
    """
    source, target = pair.members
    alignment = align(source.tables[0], target.tables[0], settings.edit.mode, settings.edit.mapper)
    cross = plan(target, alignment, settings.edit, heads, r)
    hooks: list[Hook[Any]] = [PairEdit(pair, cross, settings.ranges, LABEL)]
    if settings.blend is not None:
        words = blend_positions(pair, alignment, settings.blend.words)
        divisor = settings.ranges.divisor
        hooks.append(LocalBlend(pair, words, settings.blend.threshold, divisor, LABEL))
    return hooks


def plan(
    target: Prompt, alignment: Alignment, edit: WordEdit, heads: int, r: Tensor | None
) -> CrossEdit:
    """The cross-attention edit of the words; ValueError where there is none to make."""
    edited = target.find(edit.words) if edit.words.strip() else ()
    if edit.mode == "reweight":
        return reweight(alignment, heads, edited, edit.weight, r)
    if alignment.changed == ((), ()):
        raise ValueError(
            "The source and the target prompt have the same words, so there is nothing to edit. "
            "Change a word in the target prompt, or choose reweight."
        )
    if r is not None and not (edited or alignment.changed[1]):
        raise ValueError(
            "The target prompt only removes words, so there is no edited word to strengthen. "
            "Type a word of the target prompt into “words”, or disconnect the HRV."
        )
    return exchange(alignment, heads, edited or alignment.changed[1], r)


def blend_positions(pair: Prompt, alignment: Alignment, words: str) -> Words:
    """Where the blend words stand in either prompt; the differing words if none are named."""
    if not words.strip():
        return Words(*alignment.changed)
    source, target = in_any(pair.members, lambda prompt: prompt.find(words))
    return Words(source or (), target or ())
