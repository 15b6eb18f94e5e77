"""The model card pretrained/demo_model.md, with measured figures."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import safe_open

from .evaluate import TEST_SEED, Score
from .train_judge import HELD_OUT_SEED, accuracy

CARD = """# Demo model

A text-to-image diffusion model of Stable Diffusion 1.x structure, small enough to carry: 64 x 64
pixels, one object a picture. It knows the words of the demo world (`demo/world.py`) and nothing
else.

| | |
|---|---|
| file | `demo_model.safetensors`, {megabytes:.1f} MB, half precision, runs in float32 |
| UNet | ComfyUI's own class, 128 channels, two levels, cross-attention in down, mid and up: \
11 layers x 8 heads = 88 heads |
| latent | 8 x 8 pixel patches, 32 principal components, learned decoder |
| text | ComfyUI's CLIP tokenizer, 2 causal layers, 96 wide, 77 tokens |
| prediction | the clean latent (`comfy.model_sampling.X0`), 1000 steps, largest sigma 31 |
| data | {dataset:,} scenes drawn by `demo/world.py`, seed {seed}, with new captions each time |
| training | {pictures:,} pictures in {minutes:.0f} minutes, decoder {decoder_minutes:.0f} \
minutes, on two CPU cores that other work shared |
| licence | GPL-3.0-or-later; made by this project, no pictures or weights of others |

## How well it follows prompts

{count} prompts such as "a blue dotted mouse animal on a snowy day", never used to tune anything
(seed {test_seed}), through ComfyUI's sampler: 20 steps, guidance 4, euler, normal. Shares judged
right:

{table}

{seconds:.2f} s for a picture in batches of 50. {confusions}

## The judge

`demo_judge.safetensors` names object, colour, pattern and weather of a picture. On 4000 held-out
renders (seed {judge_seed}) it is right in {judge}.

## Making it again

    python -m demo.train unet
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
    right = accuracy(model.parent / "demo_judge.safetensors")
    wrong = sorted(score.confusions.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{asked} as {seen} ({times})" for (asked, seen), times in wrong[:8])
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
        seconds=score.seconds,
        confusions=f"Wrong objects, most frequent first: {listed}." if listed else "",
        judge_seed=HELD_OUT_SEED,
        judge=", ".join(f"{share:.1%} ({name})" for name, share in right.items()),
    )
    path.write_text(text, encoding="utf-8")
