"""The families that the pack knows, and the one that a diffusion model belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ..heads import CrossAttentionLayer, HeadTable, cross_attention_layers, head_table
from .cosmos import ANIMA, COSMOS
from .family import Family
from .flux import CHROMA, FLUX, FLUX2
from .krea2 import KREA2
from .lumina import LUMINA
from .qwen_image import QWEN_IMAGE
from .wan import WAN

FAMILIES: Sequence[Family] = (ANIMA, COSMOS, LUMINA, FLUX2, FLUX, CHROMA, QWEN_IMAGE, KREA2, WAN)


def family_of(model: object) -> Family | None:
    """The transformer family of a diffusion model; None for U-Nets and what is not known."""
    return next((family for family in FAMILIES if family.owns(model)), None)


def text_layers(model: nn.Module) -> tuple[CrossAttentionLayer, ...]:
    """The layers in which the image reads the text, of a transformer or a U-Net, in call order.

    ValueError names a model that the pack does not know.
    """
    family = family_of(model)
    if family is None:
        _require_no_kin(model)
    return family.layers(model) if family else cross_attention_layers(model)


def text_heads(model: nn.Module) -> HeadTable:
    """The ordered heads of a transformer or a U-Net; errors as in `text_layers`."""
    family = family_of(model)
    if family is None:
        _require_no_kin(model)
    return family.head_table(model) if family else head_table(model)


def _require_no_kin(model: nn.Module) -> None:
    """ValueError for a model of a known class that is none of the known families."""
    for family in FAMILIES:
        if family.kin and type(model).__name__ in family.classes:
            raise ValueError(
                f"This model is built like {family.name} but is another one, such as {family.kin}, "
                f"whose text encoder is not supported. Use {family.name} itself."
            )
