"""How well the demo model follows prompts it was never tuned on: ``python -m demo.evaluate``.

500 full prompts are generated with ComfyUI's sampler and judged. ``--write`` puts the table
into the model card pretrained/demo_model.md.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .captions import object_words, phrase
from .concepts import WEATHER_PHRASES
from .host import use_host
from .world import COLOURS, OBJECTS, PATTERNS, WEATHERS

PRETRAINED = Path(__file__).parent.parent / "pretrained"
TEST_SEED = 7_000_000
"""Seeds from here on are for the final figures only; nothing is ever chosen by them."""
ATTRIBUTES = ("object", "colour", "pattern", "weather")


@dataclass(frozen=True)
class Wanted:
    """A prompt and what the picture must show."""

    prompt: str
    object: str
    colour: str
    pattern: str
    weather: str


def wanted(count: int, seed: int) -> list[Wanted]:
    """Full prompts with unambiguous objects; objects, colours ... drawn uniformly."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        kind, colour, pattern, weather = (
            str(rng.choice(labels)) for labels in (OBJECTS, tuple(COLOURS), PATTERNS, WEATHERS)
        )
        where = WEATHER_PHRASES[WEATHERS.index(weather)]
        prompt = phrase(object_words(kind), colour, pattern, where)
        found.append(Wanted(prompt, kind, colour, pattern, weather))
    return found


@dataclass(frozen=True)
class Score:
    """Shares of pictures judged right, and how long a picture took."""

    shares: dict[str, float]
    confusions: dict[tuple[str, str], int]
    seconds: float
    count: int

    def table(self) -> str:
        """A Markdown table of the shares."""
        names = " | ".join(self.shares)
        values = " | ".join(f"{share:.1%}" for share in self.shares.values())
        return f"| {names} |\n|{'---|' * len(self.shares)}\n| {values} |"


def evaluate(parts: tuple[Any, Any, Any], judge: Any, count: int, seed: int) -> Score:
    """Generate ``count`` pictures in batches of 50 and judge them."""
    from .generate import generate

    goals = wanted(count, seed)
    verdicts, began = [], time.monotonic()
    for start in range(0, count, 50):
        block = goals[start : start + 50]
        seeds = range(seed + start, seed + start + len(block))
        verdicts += judge(generate(*parts, [goal.prompt for goal in block], seeds))
    seconds = (time.monotonic() - began) / count
    pairs = list(zip(goals, verdicts, strict=True))
    shares = {
        name: sum(getattr(g, name) == getattr(v, name) for g, v in pairs) / count
        for name in ATTRIBUTES
    }
    shares["all four"] = (
        sum(all(getattr(g, n) == getattr(v, n) for n in ATTRIBUTES) for g, v in pairs) / count
    )
    confusions: dict[tuple[str, str], int] = {}
    for goal, verdict in pairs:
        if goal.object != verdict.object:
            key = (goal.object, verdict.object)
            confusions[key] = confusions.get(key, 0) + 1
    return Score(shares, confusions, seconds, count)


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo.evaluate", description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=TEST_SEED)
    parser.add_argument("--model", type=Path, default=PRETRAINED / "demo_model.safetensors")
    parser.add_argument("--write", action="store_true", help="write the model card")
    arguments = parser.parse_args()
    use_host()
    from .judge import load_judge
    from .model import load_demo_model

    parts = load_demo_model(arguments.model)
    judge = load_judge(PRETRAINED / "demo_judge.safetensors")
    with torch.inference_mode():
        score = evaluate(parts, judge, arguments.count, arguments.seed)
    print(score.table())
    print(f"{score.seconds:.2f} s per picture; wrong objects: {score.confusions or 'none'}")
    if arguments.write:
        from .card import write

        write(PRETRAINED / "demo_model.md", arguments.model, score)


if __name__ == "__main__":
    main()
