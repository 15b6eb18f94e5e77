"""Sample sheets and scores of a training under way, or of the finished model::

python3 tools/host.py run -m tools.pack demo.v3.training.evaluate --checkpoint unet.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..world.concepts import goals
from .scoring import NAMED, TUNING_SEED, evaluate, generate


def sheet(images: Tensor, path: Path, columns: int = 12, zoom: int = 2) -> None:
    """Write images (B, 64, 64, 3) as one."""
    count = len(images) // columns * columns
    rows = (images[:count].clamp(0, 1) * 255).byte().numpy()
    grid = rows.reshape(-1, columns, 64, 64, 3).swapaxes(1, 2).reshape(-1, 64 * columns, 3)
    image = Image.fromarray(np.ascontiguousarray(grid))
    image.resize((grid.shape[1] * zoom, grid.shape[0] * zoom), 0).save(path)


def _arguments(words: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="demo.v3.training.evaluate", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="of the training")
    parser.add_argument("--judge", type=Path, help="the judge's file; none: sheets only")
    parser.add_argument("--out", type=Path, default=Path("output/demo3"))
    parser.add_argument("--count", type=int, default=96, help="prompts of each kind")
    parser.add_argument("--images", type=int, default=4, help="of each meaning of each word")
    parser.add_argument("--named", nargs="*", default=NAMED, choices=NAMED)
    parser.add_argument("--seed", type=int, default=TUNING_SEED)
    return parser.parse_args(words)


def main(*words: str) -> None:
    from ..model.load import exported, from_tensors
    from .judge import load_judge

    arguments = _arguments(words)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with torch.inference_mode():
        parts = from_tensors(exported(arguments.checkpoint))
        for things in (1, 2):
            asked = [goal.prompt for goal in goals(48, arguments.seed, things)]
            sheet(generate(parts, asked, arguments.seed), arguments.out / f"things{things}.png")
            (arguments.out / f"things{things}.txt").write_text("\n".join(asked))
        if arguments.judge:
            judge, named = load_judge(arguments.judge), arguments.named
            score = evaluate(parts, judge, arguments.count, arguments.seed, arguments.images, named)
            print(score.table(), score.words(), dict(score.shown), sep="\n")
            print(f"{score.seconds:.2f} s for an image")
