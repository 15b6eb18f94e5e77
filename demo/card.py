"""The model card pretrained/demo_model.md, with measured figures."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import safe_open

from .judge import load_judge
from .scoring import TEST_SEED, Score
from .train_judge import HELD_OUT_SEED, accuracy
from .world import PAIR_SHARE

CARD = """# Demo model

A text-to-image diffusion model of Stable Diffusion 1.x structure, small enough to carry: 64 x 64
pixels, one or two objects an image. It knows the words of the demo world (`demo/world.py`) and
nothing else: 16 objects in four groups, four words with two meanings, eight colours, four
patterns, four weathers, three image styles, two sizes.

| | |
|---|---|
| file | `demo_model.safetensors`, {megabytes:.1f} MB, half precision, runs in float32 |
| UNet | ComfyUI's own class, 128 channels, two levels, cross-attention in down, mid and up: \
11 layers x 8 heads = 88 heads |
| latent | 8 x 8 pixel patches, 48 principal components, learned decoder |
| text | ComfyUI's CLIP tokenizer, 2 causal layers, 96 wide, 77 tokens |
| prediction | the clean latent (`comfy.model_sampling.X0`), 1000 steps, largest sigma 66 |
| data | {dataset:,} scenes drawn by `demo/world.py`, seed {seed}, with new captions each time |
| training | {pictures:,} images in {minutes:.0f} minutes on one, later two CPU cores, decoder \
{decoder_minutes:.0f} minutes |
| licence | GPL-3.0-or-later; made by this project, no images or weights of others |

The shipped weights have a history that the commands below do not repeat. The first 440,000
images came from a draft of the world (objects at any place, in three more sizes, a quarter of the
pairs named in any order), with uniform time steps, a constant rate and one process. Then two
processes that average their gradients went on in the world as it is, with the time steps of
`demo/train_unet.py`; batches were of 16 to 480,000 images and the rate fell from there. They saw
lone objects only to 588,000 images, but for 15,000 of all kinds before 544,000.
The judge was trained on the draft's scenes and is measured on today's.

## How well it follows prompts

{count} prompts of one object and {count} of two, such as "an ink drawing of a large red striped
cat and a small blue plain fish on a rainy day", never used to tune anything (seed {test_seed}),
through ComfyUI's sampler: 20 steps, guidance 4, euler, normal. Shares judged right; of two objects
both must be. A colour, pattern or size counts as wrong where its object is missing.

{table}

Of two objects asked for, {shown}. {seconds:.2f} s for an image in batches of 50.

A word with two meanings, alone ("a mouse"):

{words}

## The judge

`demo_judge.safetensors` names kind, colour, pattern and size of up to two objects, the weather
and the style. Right on 4,000 held-out renders (seed {judge_seed}), {pairs:.0%} of them with two
objects:

{judge}

## Making it again

    torchrun --nproc_per_node 2 -m demo.train unet --threads 1
    python -m demo.train decoder
    python -m demo.train judge
    python -m demo.train export
    python -m demo.evaluate --write
"""


def write(path: Path, model: Path, score: Score) -> None:
    """Write the card of a model with the figures of its evaluation."""
    with safe_open(model, "pt") as file:
        facts = file.metadata()
    settings = json.loads(facts["settings"])
    text = CARD.format(
        megabytes=model.stat().st_size / 1e6,
        dataset=settings["dataset"],
        seed=settings["seed"],
        pictures=int(facts["pictures_seen"]),
        minutes=float(facts["unet_seconds"]) / 60,
        decoder_minutes=float(facts["decoder_seconds"]) / 60,
        count=score.count,
        test_seed=TEST_SEED,
        table=score.table(),
        shown=_shown(score),
        words=score.words(),
        seconds=score.seconds,
        judge_seed=HELD_OUT_SEED,
        pairs=PAIR_SHARE,
        judge=_judge_table(model.parent / "demo_judge.safetensors"),
    )
    path.write_text(text, encoding="utf-8")


def _shown(score: Score) -> str:
    """How many of two wanted objects were there, in words."""
    counts = score.shown[2]
    total = sum(counts.values())
    names = {2: "both", 1: "one", 0: "none"}
    listed = [f"{names[n]} in {counts[n] / total:.1%}" for n in (2, 1, 0)]
    return ", ".join(listed[:-1]) + " and " + listed[-1]


def _judge_table(path: Path) -> str:
    right = accuracy(load_judge(path))
    lines = ["| | kind | colour | pattern | size |", "|---|---|---|---|---|"]
    for place, name in (("first", "left or only object"), ("second", "right object")):
        shares = (right[f"{place} {part}"] for part in ("object", "colour", "pattern", "size"))
        lines.append(f"| {name} | {' | '.join(f'{share:.2%}' for share in shares)} |")
    whole = f"Weather {right['weather']:.2%}, style {right['style']:.2%}."
    return "\n".join(lines) + f"\n\n{whole}"
