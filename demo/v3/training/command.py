"""Training of everything the demo model v3 is made of; `make demo-model` runs it.

From the project's root, `unet` being the diffusion model with its text encoder, `judge` the
classifier; `export` writes both as the files that the pack ships, `card` measures these::

    python3 tools/host.py run -m tools.pack demo.v3.training.command unet
    python3 tools/host.py run -m tools.pack demo.v3.training.command judge
    python3 tools/host.py run -m tools.pack demo.v3.training.command export
    python3 tools/host.py run -m tools.pack demo.v3.training.command card

One process per CPU core trains fastest; a run goes on from its last save::

    python3 tools/host.py run -m torch.distributed.run --standalone --nproc_per_node 2 \
        -m tools.pack demo.v3.training.command unet --threads 1
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import fields, replace
from pathlib import Path

import torch

from ...train import ROOT

CACHE = ROOT / ".cache" / "demo3"
MODEL, JUDGE, CARD = "demo_model.safetensors", "judge.safetensors", "demo_model.md"


def _arguments(words: tuple[str, ...]) -> argparse.Namespace:
    from .unet import Settings

    parser = argparse.ArgumentParser(
        prog="demo.v3.training.command", description=__doc__.split("\n")[0]
    )
    parser.add_argument("part", choices=tuple(_PARTS))
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the checkpoints")
    parser.add_argument("--out", type=Path, help="folder of the finished files; the cache if none")
    parser.add_argument("--count", type=int, default=500, help="prompts of each kind for the card")
    parser.add_argument("--images", type=int, default=20, help="of each meaning for the card")
    parser.add_argument("--copies", type=Path, help="a second folder for them")
    parser.add_argument("--threads", type=int, help="CPU threads to use")
    parser.add_argument("--save-every", type=float, default=300.0, help="seconds between saves")
    for field in fields(Settings):
        kind = type(field.default)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=int if kind is bool else kind)
    return parser.parse_args(words)


def main(*words: str) -> None:
    arguments = _arguments(words)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    _PARTS[arguments.part](arguments)


def _unet(arguments: argparse.Namespace) -> None:
    from .unet import Settings, Training

    given = {field.name: getattr(arguments, field.name) for field in fields(Settings)}
    settings = replace(Settings(), **{k: v for k, v in given.items() if v is not None})
    training = Training(settings, arguments.cache, arguments.copies)
    training.resume()
    training.run(arguments.save_every)


def _judge(arguments: argparse.Namespace) -> None:
    from .judging import main as train_judge

    train_judge(arguments.cache / JUDGE)


def _export(arguments: argparse.Namespace) -> None:
    from ..model.load import export

    out = arguments.out or arguments.cache
    export(arguments.cache / "unet.safetensors", out / MODEL)
    if out != arguments.cache:
        shutil.copyfile(arguments.cache / JUDGE, out / JUDGE)


def _card(arguments: argparse.Namespace) -> None:
    from ..model.load import load_demo_model
    from .card import write
    from .judge import load_judge
    from .scoring import NAMED, TEST_SEED, evaluate

    out = arguments.out or arguments.cache
    parts, judge = load_demo_model(out / MODEL), load_judge(out / JUDGE)
    with torch.inference_mode():
        score = evaluate(parts, judge, arguments.count, TEST_SEED, arguments.images, NAMED)
    write(out / CARD, out / MODEL, out / JUDGE, score)


_PARTS = {"unet": _unet, "judge": _judge, "export": _export, "card": _card}
