"""HRV Construct without the page; from the pack's folder, with ComfyUI's own Python::

    python -m tools.construct --checkpoint sd15.safetensors --out sd15.hrv.safetensors
    python -m tools.construct ... --shard 3/16          one of 16 parts, for a batch scheduler
    python -m tools.construct ... --recipe measured     by gradients, on prompts from templates
    python -m tools.construct --merge a.votes b.votes --out sd15.hrv.safetensors
    python -m tools.construct ... --ray auto            parts on the workers of a Ray cluster

Votes are kept beside --out and a second call goes on where the first was stopped. ComfyUI is
found where the pack lies in its custom_nodes, else in $COMFYUI_PATH.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from .host import ROOT
from .pack import load


def arguments() -> argparse.ArgumentParser:
    """The options; defaults are the paper's where it names them."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.construct",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, help="the HRV file to write, *.hrv.safetensors")
    add("--checkpoint", type=Path, help="the model: a checkpoint with its text encoder")
    add("--demo", action="store_true", help="the pack's demo model, its concepts and prompts")
    add("--concepts", type=Path, help=".txt, .yaml or .csv; without: the paper's 34 concepts")
    add("--prompts", type=Path, help="text, one prompt per line; without: the pack's list")
    add("--how-many", type=int, default=0, help="only the first so many prompts")
    add("--seed", type=int, default=0)
    add("--steps", type=int, default=50)
    add("--cfg", type=float, default=7.5)
    add("--sampler", default="euler")
    add("--scheduler", default="normal")
    add("--size", default="512x512", help="width x height in pixels (SDXL: 1024x1024)")
    add("--batch", type=int, default=8, help="images between two savings")
    add("--together", action="store_true", help="compute the images of a batch together")
    add("--recipe", choices=("paper", "authors", "measured"), default="paper")
    add("--templates", type=Path, help="recipe measured: prompts with places, one per line")
    add("--images", type=int, default=1, help="recipe measured: images of each prompt")
    add("--swaps", type=int, default=3, help="recipe measured: other words for each word")
    add("--vote", choices=("highest", "sum", "maximum"), default="highest", help="what counts")
    add("--parts", type=int, default=1, help="timestep bins to count apart")
    add("--stop-at", type=float, default=0.0, help="end when the halves agree so well (cosine)")
    add("--shard", default="1/1", help="the part to run, 1/16 to 16/16; merge them afterwards")
    add("--merge", type=Path, nargs="+", metavar="VOTES", help="make the HRV of these shards")
    add("--ray", nargs="?", const="local", help="run on Ray: an address, auto, or a local one")
    add("--workers", type=int, default=2, help="parts that run at a time on Ray")
    add("--cpu", action="store_true", help="stay off the GPU")
    return parser


def find_host() -> None:
    """Name the ComfyUI that this pack is installed in, unless $COMFYUI_PATH does."""
    around = ROOT.parent.parent
    if (around / "comfy" / "sd.py").is_file():
        os.environ.setdefault("COMFYUI_PATH", str(around))


def main(arguments_given: Sequence[str]) -> int:
    """Run the command; 1 where the input is wrong, 130 after Ctrl-C, with a line on stderr."""
    options = arguments().parse_args(arguments_given)
    find_host()
    try:
        load(cpu=options.cpu or None)
        import_module("hrv_pack.tools.construct_command").run(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was counted is kept; the same command goes on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
