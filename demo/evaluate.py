"""How well the demo model follows prompts it was never tuned on: ``python -m demo.evaluate``.

Prompts of one and of two objects that name everything, and bare two-meaning words, are generated
with ComfyUI's sampler and judged. ``--write`` puts the tables into pretrained/demo_model.md.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from .captions import phrase
from .host import use_host
from .scoring import PARTS, TEST_SEED, Score, goals, present, right
from .world import MEANINGS

PRETRAINED = Path(__file__).parent.parent / "pretrained"
BATCH = 50


def verdicts(
    parts: Sequence[Any], judge: Any, prompts: Sequence[str], seed: int, how: Any = None
) -> list[Any]:
    """What the judge sees in one image of each prompt; image i has seed ``seed + i``."""
    from .generate import generate

    model, clip, vae = parts
    found: list[Any] = []
    for start in range(0, len(prompts), BATCH):
        block = prompts[start : start + BATCH]
        seeds = range(seed + start, seed + start + len(block))
        found += judge(generate(model, clip, vae, block, seeds, how))
    return found


def evaluate(parts: Sequence[Any], judge: Any, count: int, seed: int, bare: int = 40) -> Score:
    """Generate and judge ``count`` images of one and of two objects each, and ``bare`` of each
    two-meaning word."""
    shares: dict[int, dict[str, float]] = {}
    shown: dict[int, Counter[int]] = {}
    began = time.monotonic()
    for things in (1, 2):
        asked = goals(count, seed, things)
        seen = verdicts(parts, judge, [goal.prompt for goal in asked], seed + 10_000 * things)
        pairs = list(zip((goal.scene for goal in asked), seen, strict=True))
        marks = [right(scene, verdict) for scene, verdict in pairs]
        shares[things] = {name: sum(m[name] for m in marks) / count for name in PARTS}
        shares[things]["everything"] = sum(all(m.values()) for m in marks) / count
        shown[things] = Counter(present(scene.objects, verdict) for scene, verdict in pairs)
    seconds = (time.monotonic() - began) / (2 * count)
    words = {
        word: Counter(
            v.object for v in verdicts(parts, judge, [phrase(word)] * bare, seed + 30_000)
        )
        for word in MEANINGS
    }
    return Score(shares, shown, words, seconds, count)


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo.evaluate", description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=500, help="prompts of each kind")
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
    print(score.words())
    print(f"{score.seconds:.2f} s per image; objects shown of two: {dict(score.shown[2])}")
    if arguments.write:
        from .card import write

        write(PRETRAINED / "demo_model.md", arguments.model, score)


if __name__ == "__main__":
    main()
