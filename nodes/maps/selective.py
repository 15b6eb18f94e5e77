"""Selective Attention Map: where a word acts, through the heads that know its concept."""

from __future__ import annotations

from comfy_api.latest import io, ui
from torch import Tensor
from torch.nn.functional import interpolate

from ...hrv.draw.overlay import COLOURS, colour_map, outlined, overlay
from ...hrv.relevance import HeadRelevance
from ...hrv.word_maps import Normalisation, daam_map, iou, selective_map
from ..library.menus import any_concept, concept_input
from ..shared.images import SHOWN_AGAIN
from ..shared.inputs import CATEGORY, HRV, require_words
from .captured import CapturedMaps
from .images import image_of
from .inputs import TYPE_A_WORD, drawing_inputs, head_inputs, map_inputs, scale_inputs
from .settings import DAAM, Amount, HeadChoice, Scale


class HRVSelectiveAttentionMap(io.ComfyNode):
    """Selective attention map (arXiv 2604.05906), DAAM's, or that of heads chosen by name."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVSelectiveAttentionMap",
            display_name="Selective Attention Map",
            category=CATEGORY,
            search_aliases=[
                "DAAM",
                "heat map",
                "heatmap",
                "attention map",
                "word mask",
                "segmentation",
            ],
            **SHOWN_AGAIN,
            is_experimental=True,  # docs/evidence.md finds a gain by measured vectors only
            description="Shows which parts of the image a word attends to, through the heads most "
            "relevant to a concept. Change anything here without sampling again.",
            inputs=[
                *map_inputs(),
                HRV.Input(
                    "hrv", optional=True, tooltip="Needed for most relevant and least relevant."
                ),
                concept_input("concept", "Heads are chosen by relevance to this concept."),
                *head_inputs(),
                *scale_inputs(),
                *drawing_inputs(),
                io.Mask.Input(
                    "reference", optional=True, tooltip="Optional ground-truth mask; gives the IoU."
                ),
            ],
            outputs=[
                io.Image.Output(display_name="overlay", tooltip="The heat over the image."),
                io.Image.Output(display_name="heat_map", tooltip="The heat alone."),
                io.Mask.Output(display_name="mask", tooltip="1 where the heat is above threshold."),
                io.Float.Output(
                    display_name="iou",
                    tooltip="Intersection over union of mask and reference, the mean over the "
                    "batch; nan without a reference.",
                ),
            ],
        )

    validate_inputs = any_concept("concept")

    @classmethod
    def execute(
        cls,
        maps: CapturedMaps,
        samples: dict[str, Tensor],
        word: str,
        concept: str,
        heads: str,
        amount: float,
        unit: str,
        normalisation: Normalisation,
        threshold: float,
        image: Tensor | None = None,
        hrv: HeadRelevance | None = None,
        names: str = "",
        colours: str = COLOURS[0],
        opacity: float = 0.7,
        outline: bool = True,
        reference: Tensor | None = None,
    ) -> io.NodeOutput:
        latent = samples["samples"]
        captured, layers = maps.word(latent, require_words(word, TYPE_A_WORD))
        under = image_of(image, latent, captured)
        share = Amount(amount=amount, unit=unit)
        choice = HeadChoice(heads=heads, amount=share, names=names, hrv=hrv, concept=concept)
        scale = Scale(normalisation=normalisation, threshold=threshold)
        way = daam_map if heads == DAAM else selective_map
        size = (under.shape[1], under.shape[2])
        chosen = choice.among(captured, layers)
        heat = scale.heat(way(layers, captured.heads, chosen, size))
        mask = scale.mask(heat)
        shown = overlay(under, heat, colours, opacity)
        if outline:
            shown = outlined(shown, mask, max(1, size[1] // 400))
        score = _score(mask, reference)
        seen = ui.PreviewImage(shown, cls=cls)
        return io.NodeOutput(shown, colour_map(heat, colours), mask.float(), score, ui=seen)


def _score(mask: Tensor, reference: Tensor | None) -> float:
    """Mean IoU of masks (I, height, width) with a reference MASK (I or 1, h, w)."""
    if reference is None:
        return float("nan")
    if reference.shape[0] not in (1, mask.shape[0]):
        raise ValueError(
            f"The reference holds {reference.shape[0]} masks for {mask.shape[0]} images; "
            "give one, or one for each."
        )
    size = mask.shape[-2:]
    fitted = interpolate(reference[:, None].float().cpu(), size=size, mode="nearest-exact")
    return float(iou(mask, (fitted[:, 0] > 0.5).expand(mask.shape)).mean())
