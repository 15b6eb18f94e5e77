"""Training of everything the demo model v3 is made of; `make demo-model` runs it.

From the project's root, `unet` being the diffusion model with its text encoder, `judge` the
classifier::

    python3 tools/host.py run -m tools.pack demo.v3.training.command unet
    python3 tools/host.py run -m tools.pack demo.v3.training.command judge

One process per CPU core trains fastest; a run goes on from its last save::

    python3 tools/host.py run -m torch.distributed.run --standalone --nproc_per_node 2 \
        -m tools.pack demo.v3.training.command unet --threads 1
"""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path

import torch

from ...train import ROOT

CACHE = ROOT / ".cache" / "demo3"


def _arguments(words: tuple[str, ...]) -> argparse.Namespace:
    from .unet import Settings

    parser = argparse.ArgumentParser(
        prog="demo.v3.training.command", description=__doc__.split("\n")[0]
    )
    parser.add_argument("part", choices=("unet", "judge"))
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the checkpoints")
    parser.add_argument("--copies", type=Path, help="a second folder for them")
    parser.add_argument("--threads", type=int, help="CPU threads to use")
    parser.add_argument("--save-every", type=float, default=300.0, help="seconds between saves")
    for field in fields(Settings):
        kind = type(field.default)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=int if kind is bool else kind)
    return parser.parse_args(words)


def main(*words: str) -> None:
    from .unet import Settings, Training

    arguments = _arguments(words)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    if arguments.part == "judge":
        from .judging import main as train_judge

        train_judge(arguments.cache / "judge.safetensors")
        return
    given = {field.name: getattr(arguments, field.name) for field in fields(Settings)}
    settings = replace(Settings(), **{k: v for k, v in given.items() if v is not None})
    training = Training(settings, arguments.cache, arguments.copies)
    training.resume()
    training.run(arguments.save_every)
