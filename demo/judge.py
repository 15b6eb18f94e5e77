"""The judge: a small classifier that says what is in a 64 x 64 image of the demo world."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from .backdrop import WEATHERS
from .sprites import SIZE
from .styles import STYLES
from .world import COLOURS, GROUPS, OBJECTS, PATTERNS, SIZES

NOTHING = "nothing"
"""The object label where there is no recognisable object."""
THING: dict[str, tuple[str, ...]] = {
    "object": (*OBJECTS, NOTHING),
    "colour": tuple(COLOURS),
    "pattern": PATTERNS,
    "size": tuple(SIZES),
}
"""What is judged of each object."""
WHOLE: dict[str, tuple[str, ...]] = {"weather": WEATHERS, "style": tuple(STYLES)}
"""What is judged of the image."""
PLACES = ("first", "second")
"""Objects from left to right; a single object is the first, wherever it stands."""
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    **{f"{place} {name}": labels for place in PLACES for name, labels in THING.items()},
    **WHOLE,
}
FORMAT = "demo-judge-2"


class JudgeNetwork(nn.Module):
    """Strided convolutions, two mixing layers, one linear head per attribute and place."""

    def __init__(self, widths: tuple[int, ...] = (3, 32, 64, 96, 128), mixed: int = 256) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=2, padding=1) for before, after in pairwise(widths)
        )
        self.deeper = nn.Conv2d(widths[-1], widths[-1], 3, padding=1)
        self.mix = nn.Linear(16 * widths[-1], mixed)
        self.mix_again = nn.Linear(mixed, mixed)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(mixed, len(labels)) for name, labels in ATTRIBUTES.items()}
        )

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Pictures (B, 3, 64, 64) in [0, 1] -> logits (B, labels) of each attribute."""
        x = pictures * 2 - 1
        for layer in self.layers:
            x = silu(layer(x))
        x = x + silu(self.deeper(x))
        x = silu(self.mix(x.flatten(1)))
        x = x + silu(self.mix_again(x))
        return {name: head(x) for name, head in self.heads.items()}


@dataclass(frozen=True)
class Seen:
    """One object as the judge sees it, and how sure it is of each label."""

    object: str
    colour: str
    pattern: str
    size: str
    probabilities: dict[str, dict[str, float]]

    def group_probability(self, group: str) -> float:
        """How likely this is an object of the concept group."""
        if group not in GROUPS:
            raise ValueError(f"The demo world has no group {group!r}; it has {', '.join(GROUPS)}.")
        return sum(self.probabilities["object"][kind] for kind in GROUPS[group])


@dataclass(frozen=True)
class Verdict:
    """What the judge sees in one image.

    ``first`` and ``second`` are the two places from left to right, with the object label
    `NOTHING` where there is none.
    """

    first: Seen
    second: Seen
    weather: str
    style: str
    probabilities: dict[str, dict[str, float]]

    @property
    def objects(self) -> tuple[Seen, ...]:
        """The objects that are there: none, one or two."""
        return tuple(seen for seen in (self.first, self.second) if seen.object != NOTHING)

    @property
    def main(self) -> Seen:
        """The first object that is there, else the first place."""
        return next(iter(self.objects), self.first)

    @property
    def object(self) -> str:
        """Label of the main object."""
        return self.main.object

    @property
    def colour(self) -> str:
        """Colour of the main object."""
        return self.main.colour

    @property
    def pattern(self) -> str:
        """Pattern of the main object."""
        return self.main.pattern

    @property
    def size(self) -> str:
        """Size of the main object."""
        return self.main.size

    def find(self, kind: str) -> Seen | None:
        """The object of this kind, if it is there."""
        return next((seen for seen in self.objects if seen.object == kind), None)

    def shows(self, group: str) -> bool:
        """Whether one of the objects belongs to this concept group."""
        return any(seen.object in GROUPS.get(group, ()) for seen in self.objects)


class Judge:
    """Calls the network and puts its answer into words."""

    def __init__(self, network: JudgeNetwork) -> None:
        self.network = network.eval()

    @torch.no_grad()
    def __call__(self, images: Tensor) -> list[Verdict]:
        """Pictures as ComfyUI's IMAGE, (B, H, W, 3) in [0, 1] -> one verdict each."""
        if images.ndim != 4 or images.shape[-1] != 3:
            raise ValueError(
                f"The judge takes images of shape (B, H, W, 3), not {tuple(images.shape)}."
            )
        pictures = images.permute(0, 3, 1, 2).float().cpu()  # BHWC -> BCHW
        if pictures.shape[-2:] != (SIZE, SIZE):
            pictures = interpolate(pictures, (SIZE, SIZE), mode="area")
        logits = self.network(pictures)
        shares = {name: value.softmax(-1).tolist() for name, value in logits.items()}
        return [_verdict({k: v[i] for k, v in shares.items()}) for i in range(len(pictures))]


def _verdict(shares: dict[str, list[float]]) -> Verdict:
    named = {
        name: dict(zip(ATTRIBUTES[name], values, strict=True)) for name, values in shares.items()
    }
    first, second = (_seen({n: named[f"{place} {n}"] for n in THING}) for place in PLACES)
    whole = {name: named[name] for name in WHOLE}
    best = _best(whole)
    return Verdict(first, second, best["weather"], best["style"], whole)


def _seen(probabilities: dict[str, dict[str, float]]) -> Seen:
    return Seen(**_best(probabilities), probabilities=probabilities)


def _best(probabilities: dict[str, dict[str, float]]) -> dict[str, str]:
    return {name: max(values, key=values.__getitem__) for name, values in probabilities.items()}


def load_judge(path: str | Path) -> Judge:
    """The judge from its safetensors file."""
    with safe_open(path, "pt") as file:
        found = (file.metadata() or {}).get("format")
        if found != FORMAT:
            raise ValueError(
                f"{path} is not a judge of this demo world: its format is {found!r}, expected "
                f"{FORMAT!r}. Take pretrained/demo_judge.safetensors."
            )
        names = file.keys()
        tensors = {name: file.get_tensor(name).float() for name in names}
    network = JudgeNetwork()
    network.load_state_dict(tensors)
    return Judge(network)
