"""Training of everything the demo model is made of.

    python -m demo.train unet      the diffusion model and its text encoder (two hours)
    python -m demo.train decoder   the latent's decoder
    python -m demo.train judge     the classifier that scores images
    python -m demo.train export    put the trained parts into pretrained/

`torchrun --nproc_per_node 2 -m demo.train unet --threads 1` trains with one process per CPU
core. Runs on a GPU if there is one, saves to ``.cache/demo`` every few minutes, and goes on from
there when started again.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from .host import use_host

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "demo"
PRETRAINED = ROOT / "pretrained"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="demo.train", description=__doc__.split("\n")[0])
    parser.add_argument("part", choices=("unet", "decoder", "judge", "export"))
    parser.add_argument("--pictures", type=int, help="how many images to see")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the checkpoints")
    parser.add_argument("--threads", type=int, help="CPU threads to use")
    return parser.parse_args()


def _train_unet(arguments: argparse.Namespace, device: torch.device) -> None:
    from .train_unet import Settings, Training

    settings = Settings()
    if arguments.pictures:
        settings = replace(settings, pictures=arguments.pictures)
    training = Training(settings, arguments.cache, device)
    training.resume()
    training.run()


def _train_decoder(arguments: argparse.Namespace, device: torch.device) -> None:
    from .train_decoder import Settings, main

    settings = Settings()
    if arguments.pictures:
        settings = replace(settings, pictures=arguments.pictures)
    main(arguments.cache, device, settings)


def main() -> None:
    arguments = _arguments()
    use_host()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if arguments.part == "unet":
        _train_unet(arguments, device)
    elif arguments.part == "decoder":
        _train_decoder(arguments, device)
    elif arguments.part == "export":
        from .export import export

        export(arguments.cache, PRETRAINED / "demo_model.safetensors")
    elif arguments.part == "judge":
        from .train_judge import main as train_judge

        train_judge(PRETRAINED / "demo_judge.safetensors", device)


if __name__ == "__main__":
    main()
