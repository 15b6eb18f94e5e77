"""Training of the judge on rendered scenes, made a little worse so that it is fair to
generated pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy
from tqdm import tqdm

from . import world
from .judge import ATTRIBUTES, FORMAT, NOTHING, PLACES, THING, Judge, JudgeNetwork, load_judge

IGNORED = -100
HELD_OUT_SEED = 900_001


@dataclass(frozen=True)
class Settings:
    """What decides the result of a training."""

    pictures: int = 320_000
    dataset: int = 60_000
    batch: int = 64
    learning_rate: float = 2e-3
    empty_share: float = 0.04
    broken_share: float = 0.04
    lonely_share: float = 0.12
    seed: int = 30


def labels_of(scene: world.Scene) -> dict[str, int]:
    """The index of each attribute's true label; attributes of no object are ignored."""
    things = sorted(scene.objects, key=lambda thing: thing.centre[0])
    truth: dict[str, str | None] = {"weather": scene.weather, "style": scene.style}
    for place, thing in zip_longest(PLACES, things):
        truth |= {f"{place} {name}": getattr(thing, name, None) for name in THING}
        truth[f"{place} object"] = thing.kind if thing else NOTHING
    return {
        name: IGNORED if (label := truth[name]) is None else labels.index(label)
        for name, labels in ATTRIBUTES.items()
    }


def _fewer(scene: world.Scene, fate: float, settings: Settings) -> world.Scene:
    """Now and then a scene without its objects, or a pair without one of them."""
    keep = len(scene.objects)
    if fate < settings.empty_share:
        keep = 0
    elif fate > 1 - settings.lonely_share:
        keep = 1
    left = scene.objects[-keep:] if scene.seed % 2 and keep else scene.objects[:keep]
    return replace(scene, objects=left)


def _broken(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture with its middle 48 x 48 cut into nine tiles and shuffled."""
    tiles = [(y, x) for y in (8, 24, 40) for x in (8, 24, 40)]
    result = picture.copy()
    for (y, x), source in zip(tiles, rng.permutation(9), strict=True):
        v, u = tiles[source]
        result[y : y + 16, x : x + 16] = picture[v : v + 16, u : u + 16]
    return result


def dataset(settings: Settings) -> tuple[Tensor, dict[str, Tensor]]:
    """Pictures (N, 64, 64, 3) uint8 and their labels (N,)."""
    rng = np.random.default_rng([settings.seed, 1])
    pictures, labels = [], []
    for scene in tqdm(world.scenes(settings.dataset, settings.seed), "rendering"):
        fate = rng.random()
        scene = _fewer(scene, fate, settings)
        picture, truth = world.render(scene), labels_of(scene)
        if 0 <= fate - settings.empty_share < settings.broken_share:
            picture = _broken(picture, rng)
            truth |= {f"{place} object": THING["object"].index(NOTHING) for place in PLACES}
        pictures.append(picture)
        labels.append(truth)
    columns = {name: torch.tensor([row[name] for row in labels]) for name in ATTRIBUTES}
    return torch.from_numpy(np.stack(pictures)), columns


def worsened(pictures: Tensor) -> Tensor:
    """Pictures (B, 3, 64, 64) in [0, 1] with some blur, noise and change of brightness."""
    b = len(pictures)
    soft = avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
    pictures = pictures.lerp(soft, torch.rand(b, 1, 1, 1).to(pictures))
    noise = 0.08 * torch.rand(b, 1, 1, 1).to(pictures) * torch.randn_like(pictures)
    tint = 1 + 0.08 * (torch.rand(b, 3, 1, 1).to(pictures) - 0.5)
    return (pictures * tint + noise).clamp(0, 1)


def train(settings: Settings, device: torch.device) -> JudgeNetwork:
    """A trained judge."""
    torch.manual_seed(settings.seed)
    pictures, labels = dataset(settings)
    network = JudgeNetwork().to(device)
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate)
    steps = settings.pictures // settings.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, steps)
    for _ in tqdm(range(steps), "judge", mininterval=5):
        chosen = torch.randint(len(pictures), (settings.batch,))
        batch = (pictures[chosen].permute(0, 3, 1, 2).float() / 255).to(device)
        logits = network(worsened(batch))
        loss = torch.stack(
            [cross_entropy(logits[name], labels[name][chosen].to(device)) for name in ATTRIBUTES]
        ).sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return network.cpu()


def accuracy(judge: Judge, count: int = 4000, seed: int = HELD_OUT_SEED) -> dict[str, float]:
    """Share of right labels on fresh renders, for each attribute that is there to be seen."""
    scenes = list(world.scenes(count, seed))
    pictures = torch.from_numpy(np.stack([world.render(scene) for scene in scenes]))
    verdicts = [v for part in pictures.split(500) for v in judge(part.float() / 255)]
    right: dict[str, list[bool]] = {name: [] for name in ATTRIBUTES}
    for scene, verdict in zip(scenes, verdicts, strict=True):
        found = {f"{p} {n}": getattr(getattr(verdict, p), n) for p in PLACES for n in THING}
        found |= {"weather": verdict.weather, "style": verdict.style}
        for name, truth in labels_of(scene).items():
            if truth != IGNORED:
                right[name].append(found[name] == ATTRIBUTES[name][truth])
    return {name: sum(hits) / len(hits) for name, hits in right.items()}


def save(network: JudgeNetwork, path: Path, settings: Settings, seconds: float) -> None:
    """Write the judge in half precision."""
    metadata = {
        "format": FORMAT,
        "licence": "GPL-3.0-or-later",
        "settings": str(settings),
        "seconds": f"{seconds:.0f}",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: v.half() for k, v in network.state_dict().items()}, path, metadata)


def main(path: Path, device: torch.device) -> None:
    """Train, save and measure."""
    settings, began = Settings(), time.monotonic()
    save(train(settings, device), path, settings, time.monotonic() - began)
    for name, share in accuracy(load_judge(path)).items():
        tqdm.write(f"{name:15} {share:.2%} of held-out renders right")
