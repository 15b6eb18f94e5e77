"""Objects found by attention maps: what every choice of heads gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor

from ....demo.concepts import full_prompt
from ....demo.sampling import Sampling
from ....demo.world import group_of
from ....hrv.head_choice import Order, first_heads
from ....hrv.maps import HeadMaps, LayerMaps
from ....hrv.word_maps import daam_heads, daam_map, iou, normalise, segment, selective_map
from ...framework.statistics import roc_area
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Lab
from ..masks import find_mask
from ..scenes import (
    KINDS,
    SceneFields,
    just_the_object,
    read_scene,
    scene_fields,
    scene_with,
    seen_scene,
)
from .resolutions import heads_by_size, perfect

FIRST_SEED = SEEDS["segmentation"]
PAPER = (0.3, 0.4, 0.5)
"""The paper's thresholds."""
THRESHOLDS = (*PAPER, 0.6, 0.7, 0.8, 0.9)
SHARES = (1, 2, 5, 10, 15, 23, 31, 40, 50, 60, 70, 80, 90)
"""Heads in percent; 23 is the paper's choice, 30 of 128."""
EACH: dict[Size, int] = {"quick": 2, "full": 8}
"""Prompts for each kind of object."""
IMAGES: dict[Size, int] = {"quick": 4, "full": 6}
HOW = Sampling()
SIZE = (64, 64)


class SegmentCase(TypedDict):
    """A prompt of one object."""

    prompt: str
    scene: SceneFields
    seeds: list[int]


class ChoiceRow(TypedDict):
    """One choice of heads: its order, percent and number; of each usable image its IoU at every
    threshold, and its area under the ROC curve."""

    order: str
    percent: int
    heads: int
    iou: list[list[float]]
    roc: list[float]


class SegmentRow(TypedDict):
    """All choices on one prompt; left_out: images that do not show just its object; area: the
    object's share of each image; hotter: how much hotter DAAM's map is inside it."""

    prompt: str
    group: str
    left_out: int
    thresholds: Sequence[float]
    found: list[ChoiceRow]
    area: list[float]
    hotter: list[float]


@dataclass(frozen=True)
class Choice:
    """Which heads: order, percent of the heads, number of heads; and their heat (I, 64, 64)."""

    order: str
    percent: int
    heads: int
    heat: Tensor


@dataclass(frozen=True)
class Watched:
    """Images (I, 64, 64, 3) with all maps that were captured, and those of the object's word."""

    images: Tensor
    captured: HeadMaps
    word: list[LayerMaps]


class Choices(DemoStudy[SegmentCase, SegmentRow]):
    """DAAM, all heads, heads by relevance and at random, and exact maps of each resolution."""

    def cases(self, size: Size) -> list[SegmentCase]:
        rng = np.random.default_rng(FIRST_SEED)
        cases: list[SegmentCase] = []
        for number, kind in enumerate(KINDS * EACH[size]):
            scene = scene_with(rng, kind)
            first = FIRST_SEED + 100 * number
            seeds = list(range(first, first + IMAGES[size]))
            cases.append(
                {"prompt": full_prompt(scene), "scene": scene_fields(scene), "seeds": seeds}
            )
        return cases

    def run(self, lab: Lab, case: SegmentCase) -> SegmentRow:
        scene = read_scene(case["scene"])
        group = group_of(scene.objects[0].kind)
        watched = _watched(lab, case)
        verdicts = lab.judge(watched.images)
        usable = [just_the_object(scene, verdict) for verdict in verdicts]
        masks = [
            find_mask(image.numpy(), seen_scene(scene, verdict))
            for image, verdict, ok in zip(watched.images, verdicts, usable, strict=True)
            if ok
        ]
        choices = list(_choices(lab.relevance.row(group), watched))
        found = [_row(one, one.heat[usable], masks) for one in choices]
        found += [_row(one, one.heat, masks) for one in _perfect(watched.word, masks)]
        daam = choices[0].heat[usable].numpy()
        return {
            "prompt": case["prompt"],
            "group": group,
            "left_out": usable.count(False),
            "thresholds": THRESHOLDS,
            "found": found,
            "area": [float(mask.mean()) for mask in masks],
            "hotter": [
                float(h[mask].mean() - h[~mask].mean()) for h, mask in zip(daam, masks, strict=True)
            ],
        }

    def cost(self, case: SegmentCase) -> float:
        return 0.25 * len(case["seeds"]) + 2


def _watched(lab: Lab, case: SegmentCase) -> Watched:
    from ....nodes.maps.capture import HRVCapture

    prompt = lab.prompt(case["prompt"])
    model, captured = HRVCapture.execute(lab.model, prompt).args
    latent = lab.latents(model, prompt, case["seeds"], HOW)
    maps, word = captured.word(latent, case["scene"]["objects"][0]["kind"])
    return Watched(lab.vae.decode(latent), maps, word)


def _choices(row: Tensor, watched: Watched) -> Iterator[Choice]:
    """The heat of every choice of heads, DAAM's first; row: the HRV (H,) of the object."""
    word, heads = watched.word, watched.captured.heads

    def choice(order: str, percent: int, chosen: Tensor) -> Choice:
        heat = selective_map(word, heads, chosen, SIZE)
        return Choice(order, percent, int(chosen.sum()), normalise(heat, "min-max"))

    chosen = daam_heads(word, heads, watched.captured.latent)
    daam = normalise(daam_map(word, heads, chosen, SIZE), "min-max")
    yield Choice("DAAM", 100, int(chosen.sum()), daam)
    yield choice("all", 100, torch.ones(len(heads), dtype=torch.bool))
    orders: tuple[Order, ...] = ("MoRHF", "LeRHF", "random")
    for percent in SHARES:
        count = max(1, round(len(heads) * percent / 100))
        for order in orders:
            yield choice(order, percent, first_heads(row, order, count))
    for (h, w), chosen in heads_by_size(word, heads).items():
        yield choice(f"maps of {h} x {w}", 100, chosen)


def _perfect(word: list[LayerMaps], masks: list[np.ndarray]) -> Iterator[Choice]:
    """What an exact map of each resolution would give."""
    if masks:
        for name, heat in perfect(word, torch.from_numpy(np.stack(masks))):
            yield Choice(name, 100, 0, heat)


def _row(choice: Choice, heat: Tensor, masks: list[np.ndarray]) -> ChoiceRow:
    return {
        "order": choice.order,
        "percent": choice.percent,
        "heads": choice.heads,
        "iou": _ious(heat, masks),
        "roc": _roc_areas(heat, masks),
    }


def _roc_areas(heat: Tensor, masks: list[np.ndarray]) -> list[float]:
    """Of each image, how surely a pixel of the object is hotter than another."""
    pairs = zip(heat.numpy(), masks, strict=True)
    return [round(roc_area(h.ravel(), mask.ravel()), 4) for h, mask in pairs]


def _ious(heat: Tensor, masks: list[np.ndarray]) -> list[list[float]]:
    """IoU of each image at each threshold."""
    if not masks:
        return []
    exact = torch.from_numpy(np.stack(masks))
    found = torch.stack([iou(segment(heat, t), exact) for t in THRESHOLDS], dim=1)
    return [[round(value, 4) for value in row] for row in found.tolist()]
