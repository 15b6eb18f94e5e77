"""Sample sheets and scores of a training under way, or of the finished model::

python3 tools/host.py run -m tools.pack demo.v3.training.evaluate --checkpoint unet.safetensors
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...sampling import Sampling
from ..world.captions import article, hinted, meanings
from ..world.concepts import goals, shares
from ..world.words import HINTS, MEANINGS

BATCH = 24
TUNING_SEED = 6_000_000
"""Seeds from here to `TEST_SEED` are for looking while it is trained."""
TEST_SEED = 7_000_000
"""Seeds from here on are for the final figures only; nothing is ever chosen by them."""


def generate(parts: Sequence[Any], prompts: Sequence[str], seed: int, steps: int = 20) -> Tensor:
    """Pictures (B, 64, 64, 3) in [0, 1]; picture i has seed ``seed + i``."""
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


def sheet(pictures: Tensor, path: Path, columns: int = 12, zoom: int = 2) -> None:
    """Write pictures (B, 64, 64, 3) as one image."""
    count = len(pictures) // columns * columns
    rows = (pictures[:count].clamp(0, 1) * 255).byte().numpy()
    grid = rows.reshape(-1, columns, 64, 64, 3).swapaxes(1, 2).reshape(-1, 64 * columns, 3)
    image = Image.fromarray(np.ascontiguousarray(grid))
    image.resize((grid.shape[1] * zoom, grid.shape[0] * zoom), 0).save(path)


def _line(name: str, found: dict[str, float]) -> str:
    return f"{name}: " + ", ".join(f"{part} {share:.1%}" for part, share in found.items())


def _scores(parts: Sequence[Any], judge: Any, arguments: argparse.Namespace) -> None:
    """Share of prompts followed, of one and of two things, with a sheet of each."""
    for things in arguments.things:
        asked = goals(arguments.count, arguments.seed, things)
        began = time.monotonic()
        pictures = generate(parts, [goal.prompt for goal in asked], arguments.seed + 10_000)
        seconds = (time.monotonic() - began) / len(asked)
        sheet(pictures[:48], arguments.out / f"things{things}.png")
        listing = "\n".join(goal.prompt for goal in asked[:48])
        (arguments.out / f"things{things}.txt").write_text(listing)
        if judge:
            print(_line(f"{things} thing(s)", shares(asked, judge(pictures))), flush=True)
        print(f"{seconds:.2f} s a picture")


def _readings(parts: Sequence[Any], judge: Any, count: int, seed: int) -> None:
    """What two-meaning words are drawn as: made clear, bare, and with each hint."""
    for hint in ("clear", "bare", *HINTS):
        wanted, prompts, allowed = [], [], []
        for word, kinds in MEANINGS.items():
            for kind, clear in zip(kinds, meanings(word), strict=True):
                thing = article(clear if hint == "clear" else word)
                plain = hint in ("clear", "bare")
                prompts += [thing if plain else hinted(thing, hint, _group(kind))] * count
                wanted += [kind] * count
                allowed += [set(kinds)] * count
        seen = [v.main.kind for v in judge(generate(parts, prompts, seed))]
        triples = zip(seen, wanted, allowed, strict=True)
        tally = Counter("meant" if s == w else "other" if s in a else "lost" for s, w, a in triples)
        total = len(prompts)
        print(f"{hint}: " + ", ".join(f"{k} {n / total:.1%}" for k, n in tally.most_common()))


def _group(kind: str) -> str:
    from ..world.words import GROUP_OF

    return GROUP_OF[kind]


def _arguments(words: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="demo.v3.training.evaluate", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="of the training")
    parser.add_argument("--judge", type=Path, help="the judge's file; none: sheets only")
    parser.add_argument("--out", type=Path, default=Path("output/demo3"))
    parser.add_argument("--count", type=int, default=96, help="prompts of each kind")
    parser.add_argument("--things", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--words", type=int, default=0, help="pictures of each meaning")
    parser.add_argument("--seed", type=int, default=TUNING_SEED)
    return parser.parse_args(words)


def main(*words: str) -> None:
    from ..model.load import exported, from_tensors
    from .judge import load_judge

    arguments = _arguments(words)
    arguments.out.mkdir(parents=True, exist_ok=True)
    judge = load_judge(arguments.judge) if arguments.judge else None
    with torch.inference_mode():
        parts = from_tensors(exported(arguments.checkpoint))
        _scores(parts, judge, arguments)
        if judge and arguments.words:
            _readings(parts, judge, arguments.words, arguments.seed + 50_000)
