"""How well the model follows its prompts, and what it reads two-meaning words as."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...sampling import Sampling
from ..world.captions import article, hinted, meanings
from ..world.concepts import goals, shares
from ..world.words import GROUP_OF, HINTS, MEANINGS

BATCH = 24
TUNING_SEED = 6_000_000
"""Seeds from here to `TEST_SEED` are for looking while it is trained."""
TEST_SEED = 7_000_000
"""Seeds from here on are for the final figures only; nothing is ever chosen by them."""
NAMED = ("clear", "bare", *HINTS)
"""How a prompt says a two-meaning word: made clear, alone, or with one of the hints."""
OUTCOMES = ("meant", "other", "neither")


@dataclass(frozen=True)
class Score:
    """Shares of images judged right.

    shares: number of things -> part -> share; shown: of two things, how many images have 0, 1, 2;
    readings: way of naming -> word -> how often the thing meant, the other one or neither is drawn.
    """

    shares: dict[int, dict[str, float]]
    shown: Counter[int]
    readings: dict[str, dict[str, Counter[str]]]
    seconds: float
    count: int

    def table(self) -> str:
        """Shares as a Markdown table."""
        lines = [f"| prompt | {' | '.join(next(iter(self.shares.values())))} |"]
        lines.append(f"|---|{'---|' * (lines[0].count('|') - 2)}")
        for things, found in self.shares.items():
            name = "one object" if things == 1 else "two objects"
            lines.append(f"| {name} | {' | '.join(f'{s:.1%}' for s in found.values())} |")
        return "\n".join(lines)

    def words(self) -> str:
        """How often two-meaning words are drawn as they are meant, as a Markdown table."""
        lines = [f"| word | {' | '.join(self.readings)} |", f"|---|{'---|' * len(self.readings)}"]
        for word in next(iter(self.readings.values()), {}):
            cells = [_share(found[word], "meant") for found in self.readings.values()]
            lines.append(f"| {word} | {' | '.join(cells)} |")
        cells = [_share(sum(f.values(), Counter()), "meant") for f in self.readings.values()]
        return "\n".join([*lines, f"| all | {' | '.join(cells)} |"])


def _share(counts: Counter[str], name: str) -> str:
    return f"{counts[name] / max(1, counts.total()):.0%}"


def generate(parts: Sequence[Any], prompts: Sequence[str], seed: int, steps: int = 20) -> Tensor:
    """Images (B, 64, 64, 3) in [0, 1]; image i has seed ``seed + i``."""
    import comfy.sample

    from ...generate import conditioning, sample
    from ..model.latent import CHANNELS

    model, clip, vae = parts
    found = []
    for start in range(0, len(prompts), BATCH):
        block = prompts[start : start + BATCH]
        empty = torch.zeros(1, CHANNELS, 16, 16)
        seeds = range(seed + start, seed + start + len(block))
        noise = torch.cat([comfy.sample.prepare_noise(empty, s) for s in seeds])
        texts = (conditioning(clip, block), conditioning(clip, [""] * len(block)))
        found.append(vae.decode(sample(model, noise, *texts, seeds[0], Sampling(steps=steps))))
    return torch.cat(found)


def evaluate(
    parts: Sequence[Any], judge: Any, count: int, seed: int, images: int, named: Sequence[str]
) -> Score:
    """Judge ``count`` images of one thing and of two, and ``images`` of each meaning of each word.

    parts: MODEL, CLIP and VAE. named: those of `NAMED` to try.
    """
    found, shown, began = {}, Counter[int](), time.monotonic()
    for things in (1, 2):
        asked = goals(count, seed, things)
        seen = judge(generate(parts, [goal.prompt for goal in asked], seed + 10_000 * things))
        found[things] = shares(asked, seen)
        if things == 2:
            shown = Counter(_present(g.scene, v) for g, v in zip(asked, seen, strict=True))
    seconds = (time.monotonic() - began) / (2 * count)
    told = {name: _readings(parts, judge, name, images, seed + 50_000) for name in named}
    return Score(found, shown, told, seconds, count)


def _present(scene: Any, verdict: Any) -> int:
    return sum(verdict.find(thing.kind) is not None for thing in scene.objects)


def _readings(
    parts: Sequence[Any], judge: Any, name: str, images: int, seed: int
) -> dict[str, Counter[str]]:
    """Word -> how often what is meant, the other meaning or neither is drawn."""
    asked = [
        (word, kind, reading_prompt(word, kind, name))
        for word, kinds in MEANINGS.items()
        for kind in kinds
        for _ in range(images)
    ]
    seen = judge(generate(parts, [prompt for _, _, prompt in asked], seed))
    found: dict[str, Counter[str]] = {word: Counter() for word in MEANINGS}
    for (word, kind, _), verdict in zip(asked, seen, strict=True):
        found[word][outcome(word, kind, verdict.main.kind)] += 1
    return found


def reading_prompt(word: str, kind: str, name: str) -> str:
    """A prompt that means one kind by a two-meaning word, said in one of the ways of `NAMED`."""
    clear = dict(zip(MEANINGS[word], meanings(word), strict=True))[kind]
    thing = article(clear if name == "clear" else word)
    return thing if name in ("clear", "bare") else hinted(thing, name, GROUP_OF[kind])


def outcome(word: str, kind: str, drawn: str) -> str:
    """Which of `OUTCOMES` it is that ``drawn`` was drawn where ``kind`` was meant."""
    if drawn == kind:
        return "meant"
    return "other" if drawn in MEANINGS[word] else "neither"
