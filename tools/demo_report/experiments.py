"""The demo's experiments: the demo workflows run plain and steered, and a judge looks at both."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np
import torch
from PIL import Image

from ..api.branches import Branch, Graph, branches, only, vary
from ..api.client import Client

Judge = Callable[[Any], list[Any]]
"""Images (B, H, W, 3) in [0, 1] -> a verdict for each, as demo.judge gives it."""


@dataclass(frozen=True)
class Wish:
    """A prompt, the word of it to steer, and what should be seen: {attribute: name}."""

    text: str
    words: str
    seen: dict[str, str]


@dataclass
class Arm:
    """One way of sampling: its images, each with its wish and what the judge saw."""

    label: str
    steering: dict[str, Any]
    images: list[Image.Image] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    verdicts: list[Any] = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)

    def share(self, attribute: str, name: str) -> float:
        """The share of images in which the judge sees this."""
        return fmean(getattr(verdict, attribute) == name for verdict in self.verdicts)

    def right(self, attribute: str) -> float:
        """The share of images in which the judge sees what was wished for."""
        return fmean(
            getattr(verdict, attribute) == wish.seen[attribute]
            for verdict, wish in zip(self.verdicts, self.wishes, strict=True)
        )

    def probability(self, attribute: str) -> float:
        """The judge's mean probability of what was wished for."""
        return fmean(
            {**verdict.main.probabilities, **verdict.probabilities}[attribute][wish.seen[attribute]]
            for verdict, wish in zip(self.verdicts, self.wishes, strict=True)
        )


@dataclass(frozen=True)
class Plan:
    """What an experiment samples: wishes, a seed for each, images for each seed."""

    wishes: list[Wish]
    seeds: list[int]
    batch: int


@dataclass
class Bench:
    """A server with a judge; counts the seconds and images of what it samples."""

    server: Client
    judge: Judge
    seconds: float = 0.0
    images: int = 0

    def run(self, graph: Graph, arms: dict[str, Arm], plan: Plan) -> None:
        """Sample every wish of the plan; ``arms`` are by output node."""
        for wish, seed in zip(plan.wishes, plan.seeds, strict=True):
            varied = vary(graph, "HRVPrompt", text=wish.text)
            for kind in ("HRVConceptAdjust", "HRVConceptStrengthen"):
                varied = vary(varied, kind, words=wish.words)
            varied = vary(varied, "KSampler", seed=seed)
            varied = vary(varied, "EmptyLatentImage", batch_size=plan.batch)
            result = self.server.run_prompt(varied)
            self.seconds += result.seconds
            for output, arm in arms.items():
                images = [Image.open(io.BytesIO(data)) for data in result.images[output]]
                arm.images += [image.convert("RGB") for image in images]
                arm.wishes += [wish] * len(images)
                self.images += len(images)

    def look(self, arms: list[Arm]) -> None:
        """Let the judge see all images."""
        for arm in arms:
            pixels = np.stack([np.asarray(image) for image in arm.images])
            arm.verdicts = self.judge(torch.from_numpy(pixels).float() / 255)


def side_by_side(bench: Bench, graph: Graph, kinds: set[str | None], plan: Plan) -> list[Arm]:
    """Arms of the workflow's own branches, of these steering nodes (None: plain)."""
    chosen = [b for b in branches(graph) if steering_kind(graph, b) in kinds]
    arms = {b.output: Arm(b.title, steering_of(graph, b)) for b in chosen}
    bench.run(only(graph, chosen), arms, plan)
    bench.look(list(arms.values()))
    return list(arms.values())


def weaken_row(bench: Bench, graph: Graph, shares: list[float], plan: Plan) -> dict[str, list[Arm]]:
    """Arms by order, one for each share of the heads in percent; 0 is the plain branch."""
    plain = next(b for b in branches(graph) if b.steer is None)
    steered = next(b for b in branches(graph) if steering_kind(graph, b) == "HRVOrderedWeaken")
    start = Arm("0 %", {})
    bench.run(only(graph, [plain]), {plain.output: start}, plan)
    bench.look([start])
    rows: dict[str, list[Arm]] = {}
    for order in ("MoRHF", "LeRHF"):
        rows[order] = [start]
        for share in shares:
            wanted = {"order": order, "amount": share, "unit": "percent"}
            varied = vary(only(graph, [steered]), "HRVOrderedWeaken", **wanted)
            arm = Arm(f"{share:g} %", steering_of(varied, steered))
            bench.run(varied, {steered.output: arm}, plan)
            bench.look([arm])
            rows[order].append(arm)
    return rows


def steering_kind(graph: Graph, branch: Branch) -> str | None:
    return graph[branch.steer]["class_type"] if branch.steer else None


def steering_of(graph: Graph, branch: Branch) -> dict[str, Any]:
    """The settings of a branch's steering node."""
    if branch.steer is None:
        return {}
    inputs = graph[branch.steer]["inputs"]
    settings = {name: value for name, value in inputs.items() if not isinstance(value, list)}
    return {"node": graph[branch.steer]["class_type"], **settings}
