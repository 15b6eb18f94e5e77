"""Do the claims on a two-meaning word tell which meaning the image shows?

Bare words ("a red mouse in the rain"), many prompts and seeds; the judge says what was drawn.

    python tools/host.py run -m tools.pack benchmarks.studies.diagnosis [images per prompt]
"""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import torch

from ...demo.captions import WEATHER_WORDS, phrase
from ...demo.sampling import Sampling
from ...demo.world import COLOURS, MEANINGS, group_of
from ...hrv.diagnosis import claim
from ...hrv.head_choice import first_heads
from ...hrv.relevance import HeadRelevance
from ...nodes.maps.capture import HRVCapture
from ..evidence.lab import Lab
from ..framework.output import OUTPUT
from ..framework.statistics import roc_area

PERCENTS = (10, 25, 40)
FIRST_SEED = 9_000_000
HOW = Sampling()


def shares(
    maps: Any, relevance: HeadRelevance, kinds: tuple[str, str], percent: int
) -> torch.Tensor:
    """The second meaning's share (I,) of the word's claims, against the first's."""
    heads = relevance.heads
    count = max(1, round(len(heads) * percent / 100))
    first, second = (
        claim(maps, heads, first_heads(relevance.row(group_of(kind)), "MoRHF", count))
        for kind in kinds
    )
    return second / (first + second)


def collect(lab: Lab, word: str, images: int) -> dict[str, Any]:
    """What the judge saw in each image, and the shares at each head count."""
    seen: list[str] = []
    found: dict[int, list[float]] = {percent: [] for percent in PERCENTS}
    weathers = [words[0] for words in WEATHER_WORDS.values()]
    for number, (colour, weather) in enumerate(product(COLOURS, weathers)):
        prompt = lab.prompt(phrase(word, colour, "", weather))
        model, captured = HRVCapture.execute(lab.model, prompt).args
        first = FIRST_SEED + 100 * number
        latent = lab.latents(model, prompt, range(first, first + images), HOW)
        seen += [verdict.object for verdict in lab.judge(lab.vae.decode(latent))]
        maps = captured.word(latent, word)[1]
        for percent in PERCENTS:
            found[percent] += shares(maps, lab.relevance, MEANINGS[word], percent).tolist()
    return {"seen": seen, "shares": found}


def report(word: str, result: dict[str, Any]) -> dict[int, dict[str, float]]:
    """Print what was found for a word; mean share by meaning, and how well it separates them."""
    seen, kinds = np.array(result["seen"]), MEANINGS[word]
    known = np.isin(seen, kinds)
    second = seen[known] == kinds[1]
    counts = ", ".join(f"{int((seen == kind).sum())} {kind}" for kind in kinds)
    print(f"“{word}” in {len(seen)} images: {counts}, {int((~known).sum())} something else")
    rows: dict[int, dict[str, float]] = {}
    if second.all() or not second.any():
        print("  only one meaning was drawn: nothing to tell apart")
        return rows
    for percent, values in result["shares"].items():
        scores = np.array(values)[known]
        rows[percent] = {
            kinds[0]: float(scores[~second].mean()),
            kinds[1]: float(scores[second].mean()),
            "separation": roc_area(scores, second),
        }
        print(
            f"  top {percent:2d}% of heads: {group_of(kinds[1])}' share is "
            f"{rows[percent][kinds[1]]:.3f} where it is a {kinds[1]}, "
            f"{rows[percent][kinds[0]]:.3f} where it is a {kinds[0]}; "
            f"separation {rows[percent]['separation']:.2f} (0.5 is chance)"
        )
    return rows


def main(images: str = "2") -> None:
    lab, written = Lab(), {}
    with torch.inference_mode():
        for word in MEANINGS:
            result = collect(lab, word, int(images))
            written[word] = {"seen": result["seen"], "shares": report(word, result)}
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "diagnosis.json").write_text(json.dumps(written, indent=2))
