"""Why a choice of heads segments the demo world's objects well or badly: every head by itself.

    python tools/host.py run -m tools.pack benchmarks.studies.segmentation [images] [prompts]

`images` for each prompt, `prompts` for each kind of object. How well the choices do together
is measured by the experiment `segmentation` of `benchmarks.evidence`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import torch

from ...demo.concepts import full_prompt
from ...demo.sampling import Sampling
from ...demo.world import GROUPS, group_of
from ...nodes.maps.capture import HRVCapture
from ..evidence.experiment import SEEDS
from ..evidence.lab import Lab
from ..evidence.masks import find_mask, finder_score
from ..evidence.scenes import KINDS, just_the_object, scene_with, seen_scene
from ..framework.output import OUTPUT
from .head_quality import Watched, explain, show
from .head_quality_figure import draw

HOW = Sampling()


def watched(lab: Lab, images: int, each: int) -> Iterator[Watched]:
    """Sampled objects with exact masks, of images in which the judge sees just the object."""
    rng = np.random.default_rng(SEEDS["segmentation"])
    for number, kind in enumerate(KINDS * each):
        scene = scene_with(rng, kind)
        prompt = lab.prompt(full_prompt(scene))
        model, maps = HRVCapture.execute(lab.model, prompt).args
        first = SEEDS["segmentation"] + 100 * number
        latent = lab.latents(model, prompt, range(first, first + images), HOW)
        decoded = lab.vae.decode(latent)
        verdicts = lab.judge(decoded)
        kept = [just_the_object(scene, verdict) for verdict in verdicts]
        masks = [
            find_mask(image.numpy(), seen_scene(scene, verdict))
            for image, verdict in zip(decoded, verdicts, strict=True)
        ]
        if any(kept):
            yield Watched(
                kind,
                scene.objects[0].colour,
                group_of(kind),
                torch.from_numpy(np.stack(masks))[kept],
                kept,
                lambda word, maps=maps, latent=latent: maps.word(latent, word),  # type: ignore[misc]
            )


def main(images: str = "4", each: str = "2", *_: str) -> None:
    """Print how every head segments and what its relevance has to do with it; draw it."""
    print(f"masks found on held-out blurred renders: IoU {finder_score():.3f}")
    lab = Lab()
    with torch.inference_mode():
        found = explain(watched(lab, int(images), int(each)), lab.relevance, tuple(GROUPS))
    if not found:
        sys.exit("The judge sees the wanted object in no image; there is nothing to segment.")
    for title, quality in found.items():
        show(title, quality)
    OUTPUT.mkdir(exist_ok=True)
    draw(found, OUTPUT / "head_quality.png")
