"""Objects found by attention maps: what every choice of heads gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor

from ....demo.sampling import Sampling
from ....demo.world import SIZES, group_of
from ....hrv.maps import HeadMaps, LayerMaps
from ....hrv.relevance import Kind
from ....hrv.word_maps import daam_heads, daam_map, normalise, selective_map
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Lab, vectors_at_hand
from ..masks import find_mask
from ..scenes import (
    KINDS,
    SceneFields,
    just_the_object,
    prompt_of,
    read_scene,
    scene_fields,
    scene_with,
    seen_scene,
    with_size,
)
from .head_choices import ALL, Heads, by_no_vector, by_relevance
from .resolutions import perfect
from .scores import THRESHOLDS, areas_under_roc, ious

FIRST_SEED = SEEDS["segmentation"]
FULL: dict[Size, int] = {"quick": 0, "full": 2}
"""Full prompts for each kind and size of object, beside the bare one."""
IMAGES: dict[Size, int] = {"quick": 3, "full": 5}
HOW = Sampling()
IMAGE = (64, 64)


class SegmentCase(TypedDict):
    """A prompt of one object; bare: of nothing else; vector, digest: by what heads are chosen."""

    prompt: str
    bare: bool
    scene: SceneFields
    seeds: list[int]
    vector: Kind
    digest: str


class ChoiceRow(TypedDict):
    """One choice of heads (see `Heads`), how many they are, and of each usable image its IoU at
    every threshold and its area under the ROC curve."""

    scope: str
    vector: str
    order: str
    percent: int
    draw: int
    heads: int
    iou: list[list[float]]
    roc: list[float]


class SegmentRow(TypedDict):
    """The choices of one vector on one prompt, with voted ones all that need no vector too; seed:
    the first; size: as asked for; left_out: images that do not show just its object; area: the
    object's share of each image; hotter: how much hotter DAAM's map is inside."""

    prompt: str
    seed: int
    bare: bool
    kind: str
    group: str
    size: str
    left_out: int
    thresholds: Sequence[float]
    found: list[ChoiceRow]
    area: list[float]
    hotter: list[float]


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
        kinds_of_prompt = (True, *(False,) * FULL[size])
        voted, *others = vectors_at_hand()
        for bare, asked, kind in product(kinds_of_prompt, SIZES, KINDS):
            scene = with_size(scene_with(rng, kind), asked)
            first = FIRST_SEED + 100 * len(cases)
            cases.append(
                {
                    "prompt": prompt_of(scene, bare),
                    "bare": bare,
                    "scene": scene_fields(scene),
                    "seeds": list(range(first, first + IMAGES[size])),
                    "vector": voted.kind,
                    "digest": voted.digest,
                }
            )
        again: list[SegmentCase] = [
            {**case, "vector": one.kind, "digest": one.digest} for one in others for case in cases
        ]
        return cases + again

    def run(self, lab: Lab, case: SegmentCase) -> SegmentRow:
        scene = read_scene(case["scene"])
        thing = scene.objects[0]
        group = group_of(thing.kind)
        watched = _watched(lab, case)
        verdicts = lab.judge(watched.images)
        usable = [just_the_object(scene, verdict) for verdict in verdicts]
        masks = [
            find_mask(image.numpy(), seen_scene(scene, verdict))
            for image, verdict, ok in zip(watched.images, verdicts, usable, strict=True)
            if ok
        ]
        found: list[ChoiceRow] = []
        if masks:
            heats = _heats(case["vector"], lab.vectors(case["vector"]).row(group), watched)
            found += [_row(heads, heat[usable], masks) for heads, heat in heats]
        if masks and case["vector"] == "voted":
            found += [_row(heads, heat, masks) for heads, heat in _perfect(watched.word, masks)]
        return {
            "prompt": case["prompt"],
            "seed": case["seeds"][0],
            "bare": case["bare"],
            "kind": thing.kind,
            "group": group,
            "size": thing.size,
            "left_out": usable.count(False),
            "thresholds": THRESHOLDS,
            "found": found,
            "area": [float(mask.mean()) for mask in masks],
            "hotter": _hotter(_daam(watched)[1][usable], masks),
        }

    def cost(self, case: SegmentCase) -> float:
        return 0.6 * len(case["seeds"]) + 3


def _watched(lab: Lab, case: SegmentCase) -> Watched:
    from ....nodes.maps.capture import HRVCapture

    prompt = lab.prompt(case["prompt"])
    model, captured = HRVCapture.execute(lab.model, prompt).args
    latent = lab.latents(model, prompt, case["seeds"], HOW)
    maps, word = captured.word(latent, case["scene"]["objects"][0]["kind"])
    return Watched(lab.vae.decode(latent), maps, word)


def _heats(name: Kind, vector: Tensor, watched: Watched) -> Iterator[tuple[Heads, Tensor]]:
    """The heat (I, 64, 64) of every choice of heads; with voted vectors all others too."""
    word, table = watched.word, watched.captured.heads
    if name == "voted":
        yield _daam(watched)
    others = by_no_vector(word, table) if name == "voted" else ()
    for heads in chain(others, by_relevance(name, vector, word, table)):
        heat = selective_map(word, table, heads.chosen, IMAGE)
        yield heads, normalise(heat, "min-max")


def _daam(watched: Watched) -> tuple[Heads, Tensor]:
    table = watched.captured.heads
    chosen = daam_heads(watched.word, table, watched.captured.latent)
    heat = daam_map(watched.word, table, chosen, IMAGE)
    return Heads(ALL, "", "DAAM", 100, chosen), normalise(heat, "min-max")


def _perfect(word: list[LayerMaps], masks: list[np.ndarray]) -> Iterator[tuple[Heads, Tensor]]:
    """What an exact map of each resolution would give."""
    none = torch.zeros(0, dtype=torch.bool)
    for size, heat in perfect(word, torch.from_numpy(np.stack(masks))):
        yield Heads(size, "", "perfect", 100, none), heat


def _row(heads: Heads, heat: Tensor, masks: list[np.ndarray]) -> ChoiceRow:
    return {
        "scope": heads.scope,
        "vector": heads.vector,
        "order": heads.order,
        "percent": heads.percent,
        "draw": heads.draw,
        "heads": int(heads.chosen.sum()),
        "iou": ious(heat, masks),
        "roc": areas_under_roc(heat, masks),
    }


def _hotter(heat: Tensor, masks: list[np.ndarray]) -> list[float]:
    """How much hotter each image is inside its object than outside."""
    pairs = zip(heat.numpy(), masks, strict=True)
    return [float(h[mask].mean() - h[~mask].mean()) for h, mask in pairs]
