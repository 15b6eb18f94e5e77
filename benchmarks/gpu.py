"""Every claim of time and memory at once, for whoever has a GPU.

    python tools/host.py run -m tools.pack benchmarks.gpu [--sizes sd15 sdxl] [--steps 20]

Models of true size with random weights, in float16: time and memory are those of real weights. Each
group of samplings takes turns in one run. Without a GPU `--sizes demo` shows that the script works;
its figures are then of a CPU. output/bench.json keeps them all.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

import nodes as host_nodes

from ..hrv.measure.readings import Readings
from ..nodes.maps.capture import KEEP_ON, HRVCapture
from ..nodes.measure.readings import read_scene
from ..nodes.measure.run import measure, sample_images
from ..nodes.measure.settings import MeasureSettings
from ..nodes.p2p.nodes import HRVP2PEdit
from ..nodes.prompts.nodes import HRVPrompt
from ..nodes.steering.nodes import HRVConceptStrengthen, HRVOrderedWeaken
from .costs.excite import excited
from .costs.full_size import full_size_sd15, full_size_sdxl
from .costs.harness import compare, report
from .costs.memory import held_memory, note_memory
from .costs.sampling import demo_model, quiet_clock, sampler, some_relevance

TEXT, OTHER = "a red striped cat and a blue fish", "a red striped cat and a green fish"
READINGS = Readings("cat", "cat animal", "cat toy")
GIB = 2**30
Run = Callable[[], Any]


@dataclass(frozen=True)
class Size:
    """A model to build, the height and width of its latents, and what the pack claims of it.

    claims: GiB that a sampling may take at most, weights included, by its name.
    """

    name: str
    build: Callable[[], tuple[Any, Any, int]]
    side: int
    claims: dict[str, float]


def _of_four(build: Callable[[], tuple[Any, Any]]) -> Callable[[], tuple[Any, Any, int]]:
    return lambda: (*build(), 4)


SIZES = {
    "demo": Size("demo model, 64 x 64", demo_model, 8, {}),
    "sd15": Size(
        "SD1.5-size UNet, 512 x 512",
        _of_four(full_size_sd15),
        64,
        {"A&E": 6.0, "A&E-HRV": 6.0, "HRV Measure, one pass": 6.0},
    ),
    "sdxl": Size(
        "SDXL-size UNet, 1024 x 1024",
        _of_four(full_size_sdxl),
        128,
        {"A&E": 16.0, "A&E-HRV": 16.0, "HRV Measure, one pass": 12.0},
    ),
}


def ordinary(model: Any, clip: Any, latent: Any, steps: int) -> dict[str, Run]:
    """One image: unpatched, and with each of the nodes that change a sampling of one prompt."""
    positive = HRVPrompt.execute(TEXT, clip).args[0]
    negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    hrv = some_relevance(model, "Animals", "cat")
    most: dict[str, Any] = {"order": "MoRHF", "amount": 25.0, "unit": "percent", "factor": -2.0}
    places = KEEP_ON if torch.cuda.is_available() else KEEP_ON[:1]
    patched = {
        "unpatched": model,
        "Concept Strengthen": HRVConceptStrengthen.execute(
            model, hrv, positive, "cat", "Animals", 1.0
        ).args[0],
        "Ordered Weaken": HRVOrderedWeaken.execute(model, hrv, positive, "Animals", **most).args[0],
        **{f"maps kept on {at}": HRVCapture.execute(model, positive, at).args[0] for at in places},
        "A&E": excited(model, positive, None, "auto"),
        "A&E-HRV": excited(model, positive, hrv, "auto"),
    }
    return {
        name: sampler(each, positive, negative, latent, steps) for name, each in patched.items()
    }


def editing(model: Any, clip: Any, latent: Any, steps: int) -> dict[str, Run]:
    """A pair of images: unedited, and edited as published."""
    source, target = (HRVPrompt.execute(text, clip).args[0] for text in (TEXT, OTHER))
    negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    share = {"self_replace": "custom", "share": 0.9}
    edited, pair, twice = HRVP2PEdit.execute(
        model,
        *(source, target, latent, "replace", "green", 0.8, share, "Color", 1.0),
        hrv=some_relevance(model, "Color", "red"),
    ).args
    samplings = {"pair, unedited": model, "pair, P2P-HRV Edit": edited}
    return {name: sampler(each, pair, negative, twice, steps) for name, each in samplings.items()}


def measuring(model: Any, clip: Any, side: int, steps: int) -> dict[str, Run]:
    """The images that HRV Measure samples: plainly, and measured in one pass."""
    scene = read_scene(clip, HRVPrompt.execute("a cat", clip).args[0], READINGS)
    settings = MeasureSettings(cfg=5.0, width=8 * side, height=8 * side, images=2, steps=steps)
    numbers = list(range(settings.images))

    def plain() -> None:
        with torch.inference_mode():
            sample_images(model, scene.conditionings, settings, numbers)

    def measured() -> None:
        with torch.inference_mode():
            measure(model, scene, settings)

    return {"measuring's images, plain": plain, "HRV Measure, one pass": measured}


def show(size: Size, runs: dict[str, Run], weights: int, rounds: int) -> None:
    """Time and memory of a group, and whether what is claimed of it holds."""
    result = compare(runs, rounds, quiet_clock())
    note_memory(result, runs, weights)
    report(f"{size.name}: {next(iter(runs))} and others", result)
    for name, row in result.items():
        taken, limit = row["bytes_with_weights"] / GIB, size.claims.get(name)
        claim = "" if limit is None else f"; within {limit:g}: {'yes' if taken <= limit else 'NO'}"
        print(f"  {name:<34} {taken:6.2f} GiB at most, weights included{claim}", flush=True)


def main(*arguments: str) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu", description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", nargs="*", choices=SIZES, default=["sd15", "sdxl"])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    if not torch.cuda.is_available() and set(chosen.sizes) - {"demo"}:
        parser.error("there is no GPU here. `--sizes demo` shows that the script works.")
    for size in (SIZES[name] for name in chosen.sizes):
        with torch.inference_mode():
            model, clip, channels = size.build()
            latent = {"samples": torch.zeros(1, channels, size.side, size.side)}
            groups = [
                ordinary(model, clip, latent, chosen.steps),
                editing(model, clip, latent, chosen.steps),
                measuring(model, clip, size.side, chosen.steps),
            ]
        for runs in groups:
            show(size, runs, held_memory(model, clip), chosen.rounds)
