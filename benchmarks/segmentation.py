"""How well attention maps segment the demo world's objects, by the choice of heads.

The protocol of arXiv 2604.05906 at small size: prompts x seeds, the object's word, its concept's
heads, mean IoU at three thresholds with bootstrap intervals over prompts.

    python tools/host.py run -m tools.pack benchmarks.segmentation [pictures per prompt] [prompts]

With --why instead: every head by itself, to see why a choice of heads segments well or badly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

import nodes as host_nodes

from ..demo.captions import object_words, phrase
from ..demo.concepts import WEATHER_PHRASES
from ..demo.evaluate import TEST_SEED
from ..demo.judge import load_judge
from ..demo.model import load_demo_model
from ..demo.world import COLOURS, GROUPS, MICE, PATTERNS, WEATHERS, Object
from ..hrv.head_choice import first_heads
from ..hrv.maps import (
    HeadMaps,
    LayerMaps,
    daam_heads,
    daam_map,
    iou,
    normalise,
    segment,
    selective_map,
    upsample,
)
from ..hrv.relevance import HeadRelevance
from ..hrv.store import load_relevance
from ..nodes.capture import CapturedMaps, HRVCapture
from ..nodes.library import PRETRAINED
from ..nodes.prompt import HRVPrompt
from .found_masks import find_mask, finder_score
from .harness import OUTPUT, machine
from .head_quality import Watched, explain
from .head_quality import show as show_quality
from .head_quality_figure import draw

THRESHOLDS = (0.3, 0.4, 0.5)
PERCENTS = (10, 20, 25, 40)
GROUPS_USED = ("Animals", "Vehicles", "Fruits")
STEPS, CFG = 20, 4.0


@dataclass(frozen=True)
class Goal:
    """A prompt, its object's word and concept, and what the renderer would draw for it."""

    prompt: str
    word: str
    concept: str
    thing: Object
    weather: str


def goals(seed: int, each: int) -> Iterator[Goal]:
    """`each` full prompts of every unambiguous animal, vehicle and fruit."""
    rng = np.random.default_rng(seed)
    for group in GROUPS_USED:
        for kind in (k for k in GROUPS[group] if k not in MICE):
            for _ in range(each):
                colour, pattern = str(rng.choice(tuple(COLOURS))), str(rng.choice(PATTERNS))
                n = int(rng.integers(len(WEATHERS)))
                text = phrase(object_words(kind), colour, pattern, WEATHER_PHRASES[n])
                yield Goal(text, kind, group, Object(kind, colour, pattern), WEATHERS[n])


class Sampled(NamedTuple):
    """Pictures (I, 64, 64, 3) and what HRV Capture saw of them."""

    pictures: Tensor
    maps: CapturedMaps
    latent: Tensor

    def word(self, word: str) -> tuple[HeadMaps, list[LayerMaps]]:
        """All maps, and the word's own."""
        return self.maps.word(self.latent, word)


def sample(parts: Any, goal: Goal, images: int, seed: int) -> Sampled:
    """Pictures of a prompt, watched."""
    model, clip, vae = parts
    positive = HRVPrompt.execute(goal.prompt, clip).args[0]
    negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    watched, maps = HRVCapture.execute(model, positive).args
    channels = model.get_model_object("latent_format").latent_channels
    empty = {"samples": torch.zeros(images, channels, 8, 8)}
    latent = host_nodes.KSampler().sample(
        watched, seed, STEPS, CFG, "euler", "normal", positive, negative, empty, 1.0
    )[0]["samples"]
    return Sampled(vae.decode(latent), maps, latent)


def heats(captured: HeadMaps, word: list[LayerMaps], row: Tensor) -> dict[str, Tensor]:
    """Heat (I, 64, 64) of every way to choose heads."""
    heads, size = captured.heads, (64, 64)
    every = torch.ones(len(heads), dtype=torch.bool)
    raw = {
        "DAAM": daam_map(word, heads, daam_heads(word, heads, captured.latent), size),
        "all heads": selective_map(word, heads, every, size),
    }
    for order, name in (("MoRHF", "selective"), ("LeRHF", "least relevant")):
        for percent in PERCENTS:
            count = round(len(heads) * percent / 100)
            chosen = first_heads(row, order, count)  # type: ignore[arg-type]
            raw[f"{name} {percent}% ({count})"] = selective_map(word, heads, chosen, size)
    return {name: normalise(one, "min-max") for name, one in raw.items()}


def clamp_effect(captured: HeadMaps, word: list[LayerMaps]) -> tuple[float, float]:
    """Where DAAM's clamp at 0 acts: share of upsampled values below 0, and the lowest's size.

    The size is relative to the largest value. Without the clamp, sums may come first exactly.
    """
    finest = max((layer.size for layer in word), key=lambda s: s[0] * s[1])
    grown = [upsample(layer.maps, finest).flatten() for layer in word if layer.place != "mid"]
    values = torch.cat(grown)
    return float((values < 0).float().mean()), float(-values.min() / values.max())


def interval(scores: np.ndarray, prompts: np.ndarray, rounds: int = 2000) -> tuple[float, float]:
    """Bootstrap 95% interval of the mean of scores (S,), whole prompts drawn with replacement."""
    rng = np.random.default_rng(0)
    names = np.unique(prompts)
    sums = np.array([scores[prompts == name].sum() for name in names])
    sizes = np.array([(prompts == name).sum() for name in names])
    drawn = rng.integers(len(names), size=(rounds, len(names)))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def table(scores: dict[str, np.ndarray], prompts: np.ndarray) -> dict[str, Any]:
    """Mean IoU and interval by method and threshold, and the difference to DAAM's."""
    rows: dict[str, Any] = {}
    for name, found in scores.items():
        rows[name] = {}
        for i, threshold in enumerate(THRESHOLDS):
            gain = found[:, i] - scores["DAAM"][:, i]
            rows[name][str(threshold)] = {
                "mIoU": float(found[:, i].mean()),
                "interval": interval(found[:, i], prompts),
                "gain": float(gain.mean()),
                "gain interval": interval(gain, prompts),
            }
    return rows


def show(rows: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{'heads':<24}" + "".join(f"  mIoU at {t}            (to DAAM)  " for t in THRESHOLDS))
    for name, row in rows.items():
        cells = (
            "  {:.3f} [{:.3f}, {:.3f}]  {:+.3f} [{:+.3f}, {:+.3f}]".format(
                cell["mIoU"], *cell["interval"], cell["gain"], *cell["gain interval"]
            )
            for cell in row.values()
        )
        print(f"{name:<24}" + "".join(cells))


def collect(
    parts: Any, judge: Any, relevance: HeadRelevance, images: int, each: int
) -> dict[str, Any]:
    """IoU (S, thresholds) by method, the prompts' numbers, and what was left out.

    Left out are pictures in which the judge sees another object than the prompt's.
    """
    scores: dict[str, list[np.ndarray]] = {}
    prompts: list[int] = []
    clamps, left_out = [], 0
    for number, goal in enumerate(goals(TEST_SEED, each)):
        made = sample(parts, goal, images, TEST_SEED + number)
        pictures, (captured, word) = made.pictures, made.word(goal.word)
        masks = np.stack([find_mask(picture.numpy(), goal.weather) for picture in pictures])
        kept = torch.tensor([verdict.object == goal.thing.kind for verdict in judge(pictures)])
        left_out += int((~kept).sum())
        clamps.append(clamp_effect(captured, word))
        prompts += [number] * int(kept.sum())
        for name, heat in heats(captured, word, relevance.row(goal.concept)).items():
            ious = [iou(segment(heat, t), torch.from_numpy(masks))[kept] for t in THRESHOLDS]
            scores.setdefault(name, []).append(torch.stack(ious, dim=1).numpy())
    return {
        "scores": {name: np.concatenate(parts) for name, parts in scores.items()},
        "prompts": np.array(prompts),
        "left out": left_out,
        "clamped share": float(np.mean([share for share, _ in clamps])),
        "clamped size": float(max(size for _, size in clamps)),
    }


def watched(parts: Any, judge: Any, images: int, each: int) -> Iterator[Watched]:
    """Sampled objects with exact masks, for `explain`."""
    for number, goal in enumerate(goals(TEST_SEED, each)):
        made = sample(parts, goal, images, TEST_SEED + number)
        kept = [verdict.object == goal.thing.kind for verdict in judge(made.pictures)]
        if any(kept):
            found = [find_mask(picture.numpy(), goal.weather) for picture in made.pictures[kept]]
            masks, thing = torch.from_numpy(np.stack(found)), goal.thing
            yield Watched(goal.word, thing.colour, goal.concept, masks, kept, made.word)


def why(images: str = "4", each: str = "2") -> None:
    """Print how every head segments and what its relevance has to do with it; draw it."""
    with torch.inference_mode():
        parts = load_demo_model(PRETRAINED / "demo_model.safetensors")
        relevance = load_relevance(PRETRAINED / "demo.hrv.safetensors")
        judge = load_judge(PRETRAINED / "demo_judge.safetensors")
        found = explain(watched(parts, judge, int(images), int(each)), relevance, tuple(GROUPS))
    for title, quality in found.items():
        show_quality(title, quality)
    OUTPUT.parent.mkdir(exist_ok=True)
    draw(found, OUTPUT.parent / "head_quality.png")


def main(*arguments: str) -> None:
    """--why, then or else pictures for each prompt, and prompts for each object."""
    numbers = [argument for argument in arguments if argument != "--why"]
    (why if "--why" in arguments else measure)(*numbers)


def measure(images: str = "4", each: str = "4") -> None:
    """`each`: prompts for each of the nine objects; `images`: pictures for each prompt."""
    print(f"masks found on held-out blurred renders: IoU {finder_score():.3f}")
    with torch.inference_mode():
        parts = load_demo_model(PRETRAINED / "demo_model.safetensors")
        relevance = load_relevance(PRETRAINED / "demo.hrv.safetensors")
        judge = load_judge(PRETRAINED / "demo_judge.safetensors")
        result = collect(parts, judge, relevance, int(images), int(each))
    rows = table(result["scores"], result["prompts"])
    count = len(result["prompts"])
    print(
        f"{count} pictures of {len(set(result['prompts'].tolist()))} prompts; left out because "
        f"the judge sees another object: {result['left out']}\n"
        f"DAAM's clamp: {result['clamped share']:.2%} of the upsampled values lie below 0, at "
        f"most {result['clamped size']:.2%} of the largest value"
    )
    show(rows)
    OUTPUT.parent.mkdir(exist_ok=True)
    facts = {key: value for key, value in result.items() if key not in ("scores", "prompts")}
    written = {"machine": machine(), "pictures": count, **facts, "mIoU": rows}
    (OUTPUT.parent / "segmentation.json").write_text(json.dumps(written, indent=2))
