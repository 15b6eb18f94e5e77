"""Selective attention maps on a real model (arXiv 2604.05906, Tables 1 to 3).

Every image is written as a PNG. Masks of its object under the same name, made with whatever
segments well, are the reference; without them the maps are only compared with DAAM's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from torch import Tensor

from ...hrv.head_choice import first_heads
from ...hrv.word_maps import daam_heads, daam_map, iou, normalise, segment, selective_map
from ...nodes.maps.capture import HRVCapture
from .lab import Lab
from .scope import Columns, RealExperiment, RealStudy, Scope, mean_of

CONCEPT = "Animals"
ANIMALS = (
    "dog",
    "cat",
    "elephant",
    "bird",
    "bear",
    "horse",
    "cow",
    "sheep",
    "monkey",
    "zebra",
)
"""The paper's ten; it names ten seeds and not which."""
SEEDS = tuple(range(10, 101, 10))
THRESHOLDS = (0.3, 0.4, 0.5)
HEADS = {"selective, 20 of 128": 20, "selective, 30 of 128": 30, "selective, 40 of 128": 40}
LEAST = 30


class MapsCase(TypedDict):
    """A photo of an animal; masks: the folder of reference masks, "" without."""

    word: str
    seed: int
    masks: str


class MapsRow(TypedDict):
    """IoU of a choice of heads with the reference mask, if there is one, and with DAAM's."""

    word: str
    seed: int
    method: str
    threshold: float
    iou: float | None
    daam: float


class Segments(RealStudy[MapsCase, MapsRow]):
    """Every way to choose heads at every threshold."""

    def cases(self, scope: Scope) -> list[MapsCase]:
        """Photos of the animals; none if the HRV lacks the concept."""
        masks = str(scope.masks) if scope.masks else ""
        return [
            {"word": word, "seed": seed, "masks": masks}
            for word in (ANIMALS if CONCEPT in scope.hrv.concepts else ())[: scope.size.prompts]
            for seed in SEEDS[: scope.size.seeds]
        ]

    def run(self, lab: Lab, case: MapsCase) -> list[MapsRow]:
        positive = lab.prompt(f"photo of a {case['word']}")
        watched, captured = HRVCapture.execute(lab.model, positive).args
        latent = lab.latent(watched, positive, case["seed"])
        image = lab.vae.decode(latent).cpu()[0]
        name = lab.keep(f"{case['word']} {case['seed']}", image)
        size = (image.shape[0], image.shape[1])
        heat = heats(lab, captured, latent, case["word"], size)
        return _rows(case, heat, lab.mask(name, size))


def _rows(case: MapsCase, heat: dict[str, Tensor], truth: Tensor | None) -> list[MapsRow]:
    rows: list[MapsRow] = []
    for method, one in heat.items():
        for threshold in THRESHOLDS:
            mask = segment(one, threshold)
            rows.append(
                {
                    "word": case["word"],
                    "seed": case["seed"],
                    "method": method,
                    "threshold": threshold,
                    "iou": None if truth is None else float(iou(mask, truth[None])),
                    "daam": float(iou(mask, segment(heat["DAAM"], threshold))),
                }
            )
    return rows


def heats(
    lab: Lab, captured: Any, latent: Tensor, word: str, size: tuple[int, int]
) -> dict[str, Tensor]:
    """Heat (1, height, width) in [0, 1] of every way to choose heads."""
    maps, layers = captured.word(latent, word)
    row, heads = lab.hrv.row(CONCEPT), lab.hrv.heads
    raw = {"DAAM": daam_map(layers, heads, daam_heads(layers, heads, maps.latent), size)}
    for name, count in HEADS.items():
        chosen = first_heads(row, "MoRHF", max(1, round(count / 128 * len(heads))))
        raw[name] = selective_map(layers, heads, chosen, size)
    least = first_heads(row, "LeRHF", max(1, round(LEAST / 128 * len(heads))))
    raw[f"least relevant {LEAST} of 128"] = selective_map(layers, heads, least, size)
    return {name: normalise(one, "min-max") for name, one in raw.items()}


class Maps(RealExperiment[MapsRow]):
    """Selective attention maps against DAAM."""

    name = "maps"
    title = "Segmentation by attention maps"
    paper = (
        "mIoU at 0.3, 0.4, 0.5 for animals on SD1.4: DAAM .749, .754, .626; 30 most relevant heads "
        ".770, .777, .679; 30 least relevant .665, .617, .465"
    )
    version = 2
    studies = (Segments(),)

    def table(self, rows: Sequence[MapsRow]) -> Columns:
        """Method and threshold -> mean IoU with the references, if any, and with DAAM."""
        table: Columns = {}
        for method in dict.fromkeys(row["method"] for row in rows):
            for threshold in THRESHOLDS:
                mine = [r for r in rows if (r["method"], r["threshold"]) == (method, threshold)]
                judged = [(r["iou"], r["word"]) for r in mine if r["iou"] is not None]
                table[f"{method}, threshold {threshold}"] = {
                    "images": len(mine),
                    "with a mask": len(judged),
                    "mIoU": mean_of(*_columns(judged)) if judged else None,
                    "IoU with DAAM": mean_of(*_columns([(r["daam"], r["word"]) for r in mine])),
                }
        return table


def _columns(pairs: Sequence[tuple[float, str]]) -> tuple[list[float], list[str]]:
    return [value for value, _ in pairs], [word for _, word in pairs]
