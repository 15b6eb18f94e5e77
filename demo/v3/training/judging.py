"""Training of the judge on rendered scenes, made a little worse so that it is fair to generated
pictures. Every batch is drawn anew."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ...train_judge import worsened
from ..world import scenes as world
from .judge import ATTRIBUTES, FORMAT, NOTHING, PLACES, THING, Judge, JudgeNetwork, load_judge

IGNORED = -100
HELD_OUT_SEED = 900_001


@dataclass(frozen=True)
class Settings:
    """What decides the result of a training.

    dataset: how many scenes are drawn; the shares are of pictures without things, of broken
    things and of pairs that lost one.
    """

    pictures: int = 560_000
    dataset: int = 120_000
    batch: int = 64
    learning_rate: float = 2e-3
    empty_share: float = 0.03
    broken_share: float = 0.03
    lonely_share: float = 0.08
    seed: int = 30


def labels_of(scene: world.Scene) -> dict[str, int]:
    """The index of each attribute's true label; attributes of no thing are ignored."""
    truth: dict[str, str | None] = {"weather": scene.weather, "style": scene.style}
    for place, thing in zip_longest(PLACES, scene.objects):
        truth |= {f"{place} {name}": getattr(thing, name, None) for name in THING}
        truth[f"{place} kind"] = thing.kind if thing else NOTHING
    return {
        name: IGNORED if (label := truth[name]) is None else labels.index(label)
        for name, labels in ATTRIBUTES.items()
    }


def _broken(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture cut into 16 tiles and shuffled."""
    tiles = picture.reshape(4, 16, 4, 16, 3).swapaxes(1, 2).reshape(16, 16, 16, 3)
    shuffled = tiles[rng.permutation(16)].reshape(4, 4, 16, 16, 3)
    return shuffled.swapaxes(1, 2).reshape(64, 64, 3)


def example(rng: np.random.Generator, settings: Settings) -> tuple[np.ndarray, dict[str, int]]:
    """A picture (64, 64, 3) uint8 and its labels."""
    scene, fate = world.random_scene(rng), rng.random()
    if fate < settings.empty_share:
        scene = replace(scene, objects=())
    elif fate > 1 - settings.lonely_share:
        scene = replace(scene, objects=scene.objects[-1:])
    picture, truth = world.render(scene), labels_of(scene)
    if 0 <= fate - settings.empty_share < settings.broken_share:
        picture = _broken(picture, rng)
        truth = dict.fromkeys(truth, IGNORED)
        truth |= {f"{place} kind": THING["kind"].index(NOTHING) for place in PLACES}
    return picture, truth


def dataset(settings: Settings) -> tuple[Tensor, dict[str, Tensor]]:
    """Pictures (N, 64, 64, 3) uint8 and their labels (N,)."""
    rng = np.random.default_rng([settings.seed, 1])
    pictures = np.empty((settings.dataset, 64, 64, 3), np.uint8)
    labels = []
    for index in range(settings.dataset):
        pictures[index], truth = example(rng, settings)
        labels.append(truth)
    columns = {name: torch.tensor([row[name] for row in labels]) for name in ATTRIBUTES}
    return torch.from_numpy(pictures), columns


def _loss(logits: dict[str, Tensor], truth: dict[str, Tensor]) -> Tensor:
    losses = [
        cross_entropy(logits[name], truth[name], ignore_index=IGNORED, reduction="sum")
        / (truth[name] != IGNORED).sum().clamp(min=1)
        for name in ATTRIBUTES
    ]
    return torch.stack(losses).sum()


def train(settings: Settings) -> JudgeNetwork:
    """A trained judge."""
    torch.manual_seed(settings.seed)
    pictures, labels = dataset(settings)
    print("rendered", flush=True)
    network = JudgeNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate)
    steps = settings.pictures // settings.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, steps)
    for step in range(steps):
        chosen = torch.randint(len(pictures), (settings.batch,))
        batch = pictures[chosen].permute(0, 3, 1, 2).float() / 255
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(worsened(batch))
        truth = {name: labels[name][chosen] for name in ATTRIBUTES}
        loss = _loss({k: v.float() for k, v in logits.items()}, truth)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 200 == 0:
            print(f"{time.strftime('%H:%M:%S')} {step}/{steps} {float(loss):.3f}", flush=True)
    return network


def accuracy(judge: Judge, count: int = 4000, seed: int = HELD_OUT_SEED) -> dict[str, float]:
    """Share of right labels on fresh renders, for each attribute that is there to be seen."""
    scenes = list(world.scenes(count, seed))
    pictures = torch.from_numpy(np.stack([world.render(scene) for scene in scenes]))
    verdicts = [v for part in pictures.split(200) for v in judge(part.float() / 255)]
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
        "settings": json.dumps(asdict(settings)),
        "seconds": f"{seconds:.0f}",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {k: v.half().contiguous() for k, v in network.state_dict().items()}
    save_file(tensors, path, metadata)


def main(path: Path, settings: Settings | None = None) -> None:
    """Train, save and measure."""
    settings, began = settings or Settings(), time.monotonic()
    save(train(settings), path, settings, time.monotonic() - began)
    for name, share in accuracy(load_judge(path)).items():
        print(f"{name:16} {share:.2%} of held-out renders right")
