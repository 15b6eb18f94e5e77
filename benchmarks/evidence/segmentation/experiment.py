"""Segmentation by attention maps: how well the heads of a concept find its object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ....demo.concepts import full_prompt
from ....demo.judge import Verdict
from ....demo.sampling import Sampling
from ....demo.world import GROUPS, Object, Scene, group_of
from ...framework.statistics import roc_area
from ..framework import SEEDS, Case, Experiment, Lab, Rows, Size, Summary
from ..masks import find_mask, finder_score
from ..weakening.experiment import KINDS, read_scene, scene_with
from . import figures as segmentation_figure
from .summary import summarise

FIRST_SEED = SEEDS["segmentation"]
PAPER = (0.3, 0.4, 0.5)
"""The paper's thresholds."""
THRESHOLDS = (*PAPER, 0.6, 0.7, 0.8, 0.9)
SHARES = (1, 2, 5, 10, 15, 23, 31, 40, 50, 60, 70, 80, 90)
"""Heads in percent; 23 is the paper's choice, 30 of 128."""
EACH: dict[Size, int] = {"quick": 2, "full": 8}
"""Prompts for each kind of object."""
PICTURES: dict[Size, int] = {"quick": 4, "full": 6}
HOW = Sampling()
SIZE = (64, 64)
Heat = tuple[str, int, int, Any]
"""Which heads: order, percent of the heads, number of heads; and their heat (I, 64, 64)."""


class Segmentation(Experiment):
    """Tables 1 to 3 of the paper of selective maps."""

    name = "segmentation"
    title = "Selective Attention Map"
    version = 4
    paper = (
        "Tables 1 to 3 of 2604.05906: mIoU at threshold 0.4 is .7540 with DAAM, .7765 with the "
        "30 most relevant of 128 heads, .6172 with the 30 least relevant (SD1.4, Animals)"
    )

    def cases(self, size: Size) -> list[Case]:
        rng = np.random.default_rng(FIRST_SEED)
        cases: list[Case] = []
        for number, kind in enumerate(KINDS * EACH[size]):
            scene = scene_with(rng, kind)
            first = FIRST_SEED + 100 * number
            seeds = list(range(first, first + PICTURES[size]))
            cases.append({"prompt": full_prompt(scene), "scene": asdict(scene), "seeds": seeds})
        return cases

    def run(self, lab: Lab, case: Case) -> Rows:
        scene = read_scene(case["scene"])
        kind = scene.objects[0].kind
        group = group_of(kind)
        pictures, maps = _watched(lab, case)
        verdicts = lab.judge(pictures)
        usable = [v.object == kind and len(v.objects) == 1 for v in verdicts]
        exact = [
            find_mask(picture.numpy(), _seen(scene, verdict))
            for picture, verdict in zip(pictures, verdicts, strict=True)
        ]
        kept = [mask for mask, ok in zip(exact, usable, strict=True) if ok]
        heats = [(*heads, heat[usable]) for *heads, heat in _heats(lab.relevance.row(group), maps)]
        heats += _perfect(maps[1], kept)
        found = [
            {
                "order": order,
                "percent": percent,
                "heads": count,
                "iou": _ious(heat, kept),
                "roc": _roc_areas(heat, kept),
            }
            for order, percent, count, heat in heats
        ]
        return {
            "prompt": case["prompt"],
            "group": group,
            "left_out": usable.count(False),
            "thresholds": THRESHOLDS,
            "found": found,
            **_inside(heats[0][-1].numpy(), kept),
        }

    def summarise(self, rows: list[Rows]) -> Summary:
        return summarise(rows, tuple(GROUPS), finder_score(), PAPER)

    def figures(self, summary: Summary, folder: Path) -> list[str]:
        return segmentation_figure.draw(summary["data"], folder)

    def cost(self, case: Case) -> float:
        return 0.25 * len(case["seeds"]) + 2


def _watched(lab: Lab, case: Case) -> tuple[Any, Any]:
    """Pictures (I, 64, 64, 3), and the maps of the object's word: (all maps, the word's)."""
    from ....nodes.maps.capture import HRVCapture

    prompt = lab.prompt(case["prompt"])
    model, captured = HRVCapture.execute(lab.model, prompt).args
    latent = lab.latents(model, prompt, case["seeds"], HOW)
    kind = case["scene"]["objects"][0]["kind"]
    return lab.vae.decode(latent), captured.word(latent, kind)


def _heats(row: Any, maps: Any) -> Iterator[Heat]:
    """The heat of every choice of heads."""
    import torch

    from ....hrv.head_choice import first_heads
    from ....hrv.word_maps import daam_heads, daam_map, normalise, selective_map
    from ...studies.head_quality import heads_by_size

    captured, word = maps
    heads, size = captured.heads, SIZE
    chosen = daam_heads(word, heads, captured.latent)
    every = torch.ones(len(heads), dtype=torch.bool)
    raw = [
        ("DAAM", 100, int(chosen.sum()), daam_map(word, heads, chosen, size)),
        ("all", 100, len(heads), selective_map(word, heads, every, size)),
    ]
    for percent in SHARES:
        count = max(1, round(len(heads) * percent / 100))
        for order in ("MoRHF", "LeRHF", "random"):
            chosen = first_heads(row, order, count)
            raw.append((order, percent, count, selective_map(word, heads, chosen, size)))
    for (h, w), chosen in heads_by_size(word, heads).items():
        heat = selective_map(word, heads, chosen, size)
        raw.append((f"maps of {h} x {w}", 100, int(chosen.sum()), heat))
    for order, percent, count, heat in raw:
        yield order, percent, count, normalise(heat, "min-max")


def _perfect(word: Any, masks: list[np.ndarray]) -> Iterator[Heat]:
    """What an exact map of each resolution would give."""
    import torch

    from ...studies.head_quality import perfect

    if masks:
        for name, heat in perfect(word, torch.from_numpy(np.stack(masks))):
            yield name, 100, 0, heat


def _roc_areas(heat: Any, masks: list[np.ndarray]) -> list[float]:
    """Of each picture, how surely a pixel of the object is hotter than another."""
    pairs = zip(heat.numpy(), masks, strict=True)
    return [round(roc_area(h.ravel(), mask.ravel()), 4) for h, mask in pairs]


def _ious(heat: Any, masks: list[np.ndarray]) -> list[list[float]]:
    """IoU of each picture at each threshold."""
    import torch

    from ....hrv.word_maps import iou, segment

    if not masks:
        return []
    exact = torch.from_numpy(np.stack(masks))
    found = torch.stack([iou(segment(heat, t), exact) for t in THRESHOLDS], dim=1)
    return [[round(value, 4) for value in row] for row in found.tolist()]


def _inside(heat: np.ndarray, masks: list[np.ndarray]) -> dict[str, Any]:
    """Of each picture the object's share of it, and how much hotter the object is."""
    pairs = list(zip(heat, masks, strict=True))
    return {
        "area": [float(mask.mean()) for mask in masks],
        "hotter": [float(h[mask].mean() - h[~mask].mean()) for h, mask in pairs],
    }


def _seen(scene: Scene, verdict: Verdict) -> Scene:
    """The wanted scene as the judge sees it, to find the object by."""
    kind = scene.objects[0].kind
    thing = Object(kind, verdict.colour, verdict.pattern)
    return replace(scene, objects=(thing,), weather=verdict.weather, style=verdict.style)


EXPERIMENT = Segmentation()
