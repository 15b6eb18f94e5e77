"""One attribute of an image edited: by another prompt, by P2P and by P2P-HRV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal, TypedDict

import numpy as np
import torch
from torch import Tensor

from ....demo.backdrop import WEATHERS
from ....demo.concepts import full_prompt
from ....demo.judge import Verdict
from ....demo.styles import STYLES
from ....demo.world import COLOURS, PATTERNS, Object, Scene
from ....hrv.relevance import KINDS as VECTORS
from ....hrv.relevance import Kind
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Lab, vectors_at_hand
from ..masks import find_mask
from ..scenes import (
    ATTRIBUTES,
    KINDS,
    OF_THE_SCENE,
    SceneFields,
    just_the_object,
    read_scene,
    scene_fields,
)

FIRST_SEED = SEEDS["editing"]
CHOICES: dict[str, tuple[str, ...]] = {
    "colour": tuple(COLOURS),
    "pattern": PATTERNS,
    "weather": WEATHERS,
    "style": tuple(STYLES),
}
"""Attributes to edit, and their values."""
CONCEPTS = {attribute: concept for concept, attribute in ATTRIBUTES.items()}
OBJECTS: dict[Size, int] = {"quick": 2, "full": 8}
"""Kinds of objects whose every attribute is edited, spread over the world's."""
RATES: dict[Size, tuple[float, ...]] = {"quick": (0.4, 0.9), "full": (0.0, 0.4, 0.7, 0.9)}
"""Of self-replace."""
IMAGES = 6
CROSS_REPLACE = 0.8
LAYERS = "all"
"""Self-attention is replaced in all layers: the demo model's latent is so small that none has as
few pixels as the published sixteenth of them would be worth."""
JUDGED = ("object", "colour", "pattern", "size", "weather", "style")


class EditCase(TypedDict):
    """A scene, the attribute to change and to what; rates: of self-replace; vector, digest: of
    P2P-HRV."""

    scene: SceneFields
    attribute: str
    wanted: str
    rates: Sequence[float]
    seeds: list[int]
    vector: Kind
    digest: str


class Edited(TypedDict):
    """An image: whether the edit shows, whether nothing else changed, and what differs where
    it should not (see `_error`)."""

    success: bool
    kept: bool
    error: float


class MethodRow(TypedDict):
    """All images of a method; None where the source did not show its prompt."""

    name: str
    rate: float | None
    images: list[Edited | None]


class EditRow(TypedDict):
    """The methods of one vector on one scene; seed: the first."""

    seed: int
    attribute: str
    wanted: str
    prompt: str
    found: list[MethodRow]


@dataclass(frozen=True)
class Method:
    """A way to edit; `rate` is self-replace, None where only the prompt changes; vector: "" for
    none."""

    name: str
    rate: float | None = None
    vector: Kind | Literal[""] = ""


PROMPT_ONLY, P2P = "prompt only", "P2P"
WITH_HRV = {kind: f"P2P-HRV, {kind}" for kind in VECTORS}
"""Vector -> the method's name."""


@dataclass(frozen=True)
class _Source:
    """The images to edit: what is seen in them, where, and which show what was asked for."""

    images: Tensor
    verdicts: list[Verdict]
    masks: list[np.ndarray]
    usable: list[bool]


class Edits(DemoStudy[EditCase, EditRow]):
    """Every method on every scene, with the same noise."""

    def cases(self, size: Size) -> list[EditCase]:
        rng = np.random.default_rng(FIRST_SEED)
        cases: list[EditCase] = []
        voted, *more = vectors_at_hand()
        kinds = KINDS[:: max(1, len(KINDS) // OBJECTS[size])][: OBJECTS[size]]
        for number, (kind, attribute) in enumerate(product(kinds, CHOICES)):
            has = {name: str(rng.choice(values)) for name, values in CHOICES.items()}
            others = [v for v in CHOICES[attribute] if v != has[attribute]]
            first = FIRST_SEED + 100 * number
            cases.append(
                {
                    "scene": scene_fields(_scene(kind, has)),
                    "attribute": attribute,
                    "wanted": str(rng.choice(others)),
                    "rates": RATES[size],
                    "seeds": list(range(first, first + IMAGES)),
                    "vector": voted.kind,
                    "digest": voted.digest,
                }
            )
        again: list[EditCase] = [
            {**case, "vector": one.kind, "digest": one.digest} for one in more for case in cases
        ]
        return cases + again

    def run(self, lab: Lab, case: EditCase) -> EditRow:
        scene = read_scene(case["scene"])
        before: _Source | None = None
        found: list[MethodRow] = []
        for method in methods(case["rates"], case["vector"]):
            source, edited = _edit(lab, scene, case, method)
            before = before or _source(lab, scene, source)
            told = _outcomes(lab, case, before, edited)
            found.append({"name": method.name, "rate": method.rate, "images": told})
        return {
            "seed": case["seeds"][0],
            "attribute": case["attribute"],
            "wanted": case["wanted"],
            "prompt": full_prompt(scene, size=False),
            "found": found,
        }

    def cost(self, case: EditCase) -> float:
        return 0.22 * IMAGES * (2 * len(case["rates"]) + 1)


def methods(rates: Sequence[float], vector: Kind) -> Iterator[Method]:
    """Every way to edit; those that need no vector come with the voted one."""
    yield Method(PROMPT_ONLY)
    if vector == "voted":
        yield from (Method(P2P, rate) for rate in rates)
    yield from (Method(WITH_HRV[vector], rate, vector) for rate in rates)


def changed(scene: Scene, attribute: str, value: str) -> Scene:
    """The scene with another colour, pattern, weather or style."""
    new: dict[str, Any] = {attribute: value}
    if attribute in OF_THE_SCENE:
        return replace(scene, **new)
    return replace(scene, objects=(replace(scene.objects[0], **new),))


def _scene(kind: str, has: dict[str, str]) -> Scene:
    thing = Object(kind, has["colour"], has["pattern"])
    return Scene((thing,), has["weather"], has["style"])


def _edit(lab: Lab, scene: Scene, case: EditCase, method: Method) -> tuple[Tensor, Tensor]:
    """Source and edited images, (seeds, 64, 64, 3) each."""
    from ....demo.generate import noise
    from ....nodes.p2p.nodes import HRVP2PEdit, HRVP2PSplit

    after = changed(scene, case["attribute"], case["wanted"])
    source, target = (lab.prompt(full_prompt(one, size=False)) for one in (scene, after))
    empty = {"samples": torch.zeros_like(noise(case["seeds"]))}
    model, positive, _ = HRVP2PEdit.execute(
        lab.model,
        source,
        target,
        empty,
        mode="replace",
        words=case["wanted"],
        cross_replace=0.0 if method.rate is None else CROSS_REPLACE,
        self_replace={"self_replace": "custom", "share": method.rate or 0.0},
        concept=CONCEPTS[case["attribute"]],
        strength=1.0,
        layers=LAYERS,
        hrv=lab.vectors(method.vector) if method.vector else None,
    ).args
    images = lab.sample(model, positive, case["seeds"], pairs=True)
    before, edited = HRVP2PSplit.execute(images).args[:2]
    return before, edited


def _source(lab: Lab, scene: Scene, images: Tensor) -> _Source:
    verdicts, thing = lab.judge(images), scene.objects[0]
    wanted = (thing.colour, thing.pattern, scene.weather, scene.style)
    usable = [
        just_the_object(scene, v) and (v.colour, v.pattern, v.weather, v.style) == wanted
        for v in verdicts
    ]
    masks = [find_mask(image.numpy(), scene) for image in images]
    return _Source(images, verdicts, masks, usable)


def _outcomes(lab: Lab, case: EditCase, source: _Source, edited: Tensor) -> list[Edited | None]:
    """Of each image whether the edit shows and what was kept; None where none was usable."""
    found: list[Edited | None] = []
    attribute = case["attribute"]
    for number, after in enumerate(lab.judge(edited)):
        before, mask = source.verdicts[number], source.masks[number]
        if not source.usable[number]:
            found.append(None)
            continue
        # Without an object the judge's colour and pattern mean nothing.
        there = attribute in OF_THE_SCENE or bool(after.objects)
        kept = [getattr(before, a) == getattr(after, a) for a in JUDGED if a != attribute]
        kept.append(len(before.objects) == len(after.objects))
        pair = source.images[number].numpy(), edited[number].numpy()
        found.append(
            {
                "success": there and getattr(after, attribute) == case["wanted"],
                "kept": all(kept),
                "error": _error(*pair, mask, attribute),
            }
        )
    return found


def _error(before: np.ndarray, after: np.ndarray, mask: np.ndarray, attribute: str) -> float:
    """Mean squared difference where an image must stay: outside the object, for the weather
    inside it. A style changes everything: there it is that of the edges' strength."""
    if attribute == "style":
        return float(((_edges(before) - _edges(after)) ** 2).mean())
    area = mask if attribute == "weather" else ~mask
    return float(((before - after) ** 2).mean(axis=-1)[area].mean())


def _edges(image: np.ndarray) -> np.ndarray:
    """How steep the image is, (64, 64), scaled to at most 1."""
    steep = np.hypot(*np.gradient(image, axis=(0, 1))).max(axis=-1)
    return steep / max(float(steep.max()), 1e-6)
