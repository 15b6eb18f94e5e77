"""The judge: a small classifier that says what is in a 64 x 64 image of the world."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from ...sprites import SIZE
from ..world.words import (
    COLOURS,
    GROUP_OF,
    GROUPS,
    KINDS,
    MATERIALS,
    PATTERNS,
    SIZES,
    STYLES,
    WEATHERS,
)

NOTHING = "nothing"
"""The kind where there is no recognisable thing."""
THING: dict[str, tuple[str, ...]] = {
    "kind": (*KINDS, NOTHING),
    "colour": tuple(COLOURS),
    "pattern": tuple(PATTERNS),
    "material": tuple(MATERIALS),
    "size": tuple(SIZES),
}
"""What is judged of each thing."""
WHOLE: dict[str, tuple[str, ...]] = {"weather": tuple(WEATHERS), "style": tuple(STYLES)}
"""What is judged of the image."""
PLACES = ("first", "second")
"""Things from left to right; a single one is the first, wherever it stands."""
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    **{f"{place} {name}": labels for place in PLACES for name, labels in THING.items()},
    **WHOLE,
}
FORMAT = "demo-judge-3"
WIDTHS = (32, 64, 96, 128)


class Residual(nn.Module):
    """x + conv(silu(conv(silu(norm(x))))), so that depth does no harm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) -> the same shape."""
        return x + self.second(silu(self.first(silu(self.norm(x)))))


class JudgeNetwork(nn.Module):
    """Convolutions, then for each of the two places a map of where to look, and linear heads."""

    def __init__(self) -> None:
        super().__init__()
        enter, half, quarter, last = WIDTHS
        self.enter = nn.Conv2d(3, enter, 4, stride=2, padding=1)  # 32 x 32
        self.narrow = nn.Conv2d(enter, half, 4, stride=2, padding=1)  # 16 x 16
        self.early = Residual(half)
        self.down = nn.Conv2d(half, quarter, 3, stride=2, padding=1)  # 8 x 8
        self.late = nn.Sequential(Residual(quarter), Residual(quarter))
        self.wide = nn.Conv2d(quarter + half, last, 1)
        self.where = nn.Sequential(
            nn.Conv2d(last, 32, 3, padding=1), nn.SiLU(), nn.Flatten(), nn.Linear(2048, 128)
        )
        self.mixed = nn.ModuleDict({place: nn.Linear(2 * last, 192) for place in PLACES})
        self.around = nn.Linear(last, 64)
        self.heads = nn.ModuleDict(
            {
                name: nn.Linear(64 if name in WHOLE else 192, len(labels))
                for name, labels in ATTRIBUTES.items()
            }
        )

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Pictures (B, 3, 64, 64) in [0, 1] -> logits (B, labels) of each attribute."""
        x = silu(self.enter(pictures * 2 - 1))
        fine = self.early(self.narrow(x))
        x = self.late(self.down(silu(fine)))
        pooled = torch.nn.functional.avg_pool2d(silu(fine), 2)
        x = silu(self.wide(torch.cat([silu(x), pooled], 1)))  # (B, last, 8, 8)
        places = self.where(x).view(len(x), 2, 64).softmax(-1)
        mean = x.mean((2, 3))
        features = {"": silu(self.around(mean))}
        for index, place in enumerate(PLACES):
            seen = torch.einsum("bp,bcp->bc", places[:, index], x.flatten(2))
            features[place] = silu(self.mixed[place](torch.cat([seen, mean], 1)))
        return {
            name: head(features["" if name in WHOLE else name.split()[0]])
            for name, head in self.heads.items()
        }


@dataclass(frozen=True)
class Seen:
    """One thing as the judge sees it, and how sure it is of each label."""

    kind: str
    colour: str
    pattern: str
    material: str
    size: str
    probabilities: dict[str, dict[str, float]]

    def group_probability(self, group: str) -> float:
        """How likely this is a thing of the concept group."""
        if group not in GROUPS:
            raise ValueError(f"The demo world has no group {group!r}; it has {', '.join(GROUPS)}.")
        return sum(self.probabilities["kind"][kind] for kind in GROUPS[group])


@dataclass(frozen=True)
class Verdict:
    """What the judge sees in one image: two places from left to right, weather and style."""

    first: Seen
    second: Seen
    weather: str
    style: str
    probabilities: dict[str, dict[str, float]]

    @property
    def objects(self) -> tuple[Seen, ...]:
        """The things that are there: none, one or two."""
        return tuple(seen for seen in (self.first, self.second) if seen.kind != NOTHING)

    @property
    def main(self) -> Seen:
        """The first thing that is there, else the first place."""
        return next(iter(self.objects), self.first)

    def find(self, kind: str) -> Seen | None:
        """The thing of this kind, if it is there."""
        return next((seen for seen in self.objects if seen.kind == kind), None)

    def shows(self, group: str) -> bool:
        """Whether one of the things belongs to this concept group."""
        return any(GROUP_OF.get(seen.kind) == group for seen in self.objects)


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
        shares = {k: v.softmax(-1).tolist() for k, v in self.network(pictures).items()}
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
                f"{FORMAT!r}."
            )
        names = file.keys()
        tensors = {name: file.get_tensor(name).float() for name in names}
    network = JudgeNetwork()
    network.load_state_dict(tensors)
    return Judge(network)
