"""The model card: what the demo model is, its whole history and its measured figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open

from ..world.words import CONCEPTS, GROUPS, HELD_OUT, KINDS, LOOKS, MEANINGS
from .judge import load_judge
from .judging import HELD_OUT_SEED, accuracy
from .scoring import TEST_SEED, Score
from .unet import Settings

CARD = """# Demo model

A text-to-image diffusion model of Stable Diffusion 1.x structure, small enough to carry: 64 x 64
pixels, one or two objects in an image. It knows the words of the demo world (`demo/`) and nothing
else: {kinds} kinds of things in {groups} groups, {words} words with two meanings, {looks}. Each of
its {concepts} concepts has a list of words to vote with and {held} that are left out of it, to test
whether heads of a concept serve words that they were not found by.

| | |
|---|---|
| file | `{file}`, {megabytes:.1f} MB, half precision, runs in float32 |
| UNet | ComfyUI's own class, 64 channels x [1, 2, 2]; attention at 16 x 16 and 8 x 8, two layers \
going down and three going up at each, and one of 4 x 4 in the middle: 11 layers x 8 heads = 88 |
| latent | 16 x 16: patches of 4 x 4 pixels, 48 channels, lossless; no decoder to learn |
| text | ComfyUI's CLIP tokenizer, 2 causal layers, 128 wide, 77 tokens |
| prediction | the clean latent (`comfy.model_sampling.X0`) |
| data | scenes drawn while it is trained, none twice, each with a caption of its own |
| licence | GPL-3.0-or-later; made by this project, no images or weights of others |

## Training

{pictures:,} images in {hours:.1f} hours. Every change of its settings on the way:

{history}

Settings not named were those of `demo/` at first: {settings}.

## How well it follows prompts

{count} prompts of one object and {count} of two that name every look, never used to tune anything
(seed {test_seed}), through ComfyUI's sampler: 20 steps, guidance 4, euler, normal. Shares judged
right; of two objects both must be. A look counts as wrong where its object is missing.

{table}

Of two objects asked for, {shown}. {seconds:.2f} s for an image in batches of 24.

A word with two meanings, drawn as it is meant: made clear ("a mouse animal"), bare ("a mouse",
where half of it is chance), and with a hint that tells the truth in a share of the captions.

{readings}

## The judge

Right on 4,000 held-out renders (seed {judge_seed}):

{judge}

## Making it again

    make demo-model

It goes on where it stopped. The commands of `demo/` say the rest: `export` writes the file, `card`
measures it and writes this page.
"""


def write(path: Path, model: Path, judge: Path, score: Score) -> None:
    """Write the card of a model with the figures of its evaluation."""
    with safe_open(model, "pt") as file:
        facts = file.metadata()
    counts = [f"{len(values)} {look}s" for look, values in LOOKS.items()]
    text = CARD.format(
        kinds=len(KINDS),
        groups=len(GROUPS),
        words=len(MEANINGS),
        looks=", ".join(counts[:-1]) + " and " + counts[-1],
        concepts=len(CONCEPTS),
        held=" or ".join(sorted({str(len(words)) for words in HELD_OUT.values()})),
        file=model.name,
        megabytes=model.stat().st_size / 1e6,
        pictures=int(facts["pictures_seen"]),
        hours=float(facts["unet_seconds"]) / 3600,
        history=history_table(json.loads(facts["history"])),
        settings=_listed(json.loads(facts["history"])[0]["settings"]),
        count=score.count,
        test_seed=TEST_SEED,
        table=score.table(),
        shown=_shown(score),
        seconds=score.seconds,
        readings=score.words(),
        judge_seed=HELD_OUT_SEED,
        judge=_judge_table(judge),
    )
    path.write_text(text, encoding="utf-8")


def history_table(history: list[dict[str, Any]]) -> str:
    """Where the settings changed, and to what; the first row against the defaults."""
    lines = ["| from image | after | settings |", "|---|---|---|"]
    before: Mapping[str, Any] = vars(Settings())
    for entry in history:
        now = entry["settings"]
        changed = {name: value for name, value in now.items() if before.get(name) != value}
        hours = entry["seconds"] / 3600
        lines.append(f"| {entry['pictures']:,} | {hours:.1f} h | {_listed(changed)} |")
        before = now
    return "\n".join(lines)


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _shown(score: Score) -> str:
    """How many of two wanted objects were there, in words."""
    total = max(1, score.shown.total())
    both, one, none = (f"{score.shown[n] / total:.1%}" for n in (2, 1, 0))
    return f"both in {both}, one in {one} and none in {none}"


def _judge_table(path: Path) -> str:
    lines = ["| of | right |", "|---|---|"]
    found = accuracy(load_judge(path))
    return "\n".join([*lines, *(f"| {name} | {share:.2%} |" for name, share in found.items())])
