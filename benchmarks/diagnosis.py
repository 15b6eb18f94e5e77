"""Do the claims on the two-meaning word tell which meaning the picture shows?

The bare word "mouse", many prompts and seeds; the judge says what was drawn.

    python tools/host.py run -m tools.pack benchmarks.diagnosis [pictures per prompt]
"""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import torch

from ..demo.captions import phrase
from ..demo.concepts import WEATHER_PHRASES
from ..demo.evaluate import TEST_SEED
from ..demo.judge import load_judge
from ..demo.model import load_demo_model
from ..demo.world import COLOURS, Object
from ..hrv.diagnosis import claim
from ..hrv.head_choice import first_heads
from ..hrv.relevance import HeadRelevance
from ..hrv.store import load_relevance
from ..nodes.library import PRETRAINED
from .harness import OUTPUT
from .segmentation import Goal, sample

MEANINGS = {"mouse": "Animals", "computer mouse": "Electronics"}
PERCENTS = (10, 25, 40)


def goals() -> list[Goal]:
    """One prompt for each colour and weather, with the bare word."""
    thing = Object("mouse", "blue", "plain")
    return [
        Goal(phrase("mouse", colour, "", weather), "mouse", "Animals", thing, "sunny")
        for colour, weather in product(COLOURS, WEATHER_PHRASES)
    ]


def shares(word: Any, relevance: HeadRelevance, percent: int) -> torch.Tensor:
    """Electronics' share (I,) of the word's claims, against Animals."""
    heads = relevance.heads
    count = max(1, round(len(heads) * percent / 100))
    animals, electronics = (
        claim(word, heads, first_heads(relevance.row(concept), "MoRHF", count))
        for concept in MEANINGS.values()
    )
    return electronics / (animals + electronics)


def separation(scores: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive scores above a negative (area under the ROC curve)."""
    pairs = scores[positive][:, None] - scores[~positive][None]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)


def collect(parts: Any, judge: Any, relevance: HeadRelevance, images: int) -> dict[str, Any]:
    """What the judge saw in each picture, and the shares at each head count."""
    seen: list[str] = []
    found: dict[int, list[float]] = {percent: [] for percent in PERCENTS}
    for number, goal in enumerate(goals()):
        made = sample(parts, goal, images, TEST_SEED + 1000 + number)
        seen += [verdict.object for verdict in judge(made.pictures)]
        word = made.word(goal.word)[1]
        for percent in PERCENTS:
            found[percent] += shares(word, relevance, percent).tolist()
    return {"seen": seen, "shares": found}


def main(images: str = "4") -> None:
    with torch.inference_mode():
        parts = load_demo_model(PRETRAINED / "demo_model.safetensors")
        judge = load_judge(PRETRAINED / "demo_judge.safetensors")
        relevance = load_relevance(PRETRAINED / "demo.hrv.safetensors")
        result = collect(parts, judge, relevance, int(images))
    seen = np.array(result["seen"])
    known = np.isin(seen, list(MEANINGS))
    machine_mouse = seen[known] == "computer mouse"
    print(
        f"“mouse” in {len(seen)} pictures: {int((~machine_mouse).sum())} animals, "
        f"{int(machine_mouse.sum())} computer mice, {int((~known).sum())} something else"
    )
    rows = {}
    for percent, values in result["shares"].items():
        scores = np.array(values)[known]
        rows[percent] = {
            "computer mice": float(scores[machine_mouse].mean()),
            "animals": float(scores[~machine_mouse].mean()),
            "separation": separation(scores, machine_mouse),
        }
        machines, animals, apart = rows[percent].values()
        print(
            f"top {percent:2d}% of heads: Electronics' share is {machines:.3f} in computer mice, "
            f"{animals:.3f} in animals; separation {apart:.2f} (0.5 is chance)"
        )
    OUTPUT.parent.mkdir(exist_ok=True)
    written = {"seen": result["seen"], "shares": rows}
    (OUTPUT.parent / "diagnosis.json").write_text(json.dumps(written, indent=2))
