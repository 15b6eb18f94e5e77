"""The judge: a small classifier that says what is in a 64 x 64 picture of the demo world."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from .sprites import SIZE
from .world import COLOURS, GROUPS, OBJECTS, PATTERNS, WEATHERS

NOTHING = "nothing"
"""The object label of pictures without a recognisable object."""
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "object": (*OBJECTS, NOTHING),
    "colour": tuple(COLOURS),
    "pattern": PATTERNS,
    "weather": WEATHERS,
}
FORMAT = "demo-judge-1"


class JudgeNetwork(nn.Module):
    """Four strided convolutions, pooled by mean and maximum, one linear head per attribute."""

    def __init__(self, widths: tuple[int, ...] = (3, 32, 64, 96, 128)) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=2, padding=1) for before, after in pairwise(widths)
        )
        self.mix = nn.Linear(16 * widths[-1], 192)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(192, len(labels)) for name, labels in ATTRIBUTES.items()}
        )

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Pictures (B, 3, 64, 64) in [0, 1] -> logits (B, labels) of each attribute."""
        x = pictures * 2 - 1
        for layer in self.layers:
            x = silu(layer(x))
        x = silu(self.mix(x.flatten(1)))
        return {name: head(x) for name, head in self.heads.items()}


@dataclass(frozen=True)
class Verdict:
    """What the judge sees in one picture: the likeliest label of each attribute.

    ``probabilities[attribute][label]`` are in [0, 1] and sum to 1 over an attribute's labels.
    """

    object: str
    colour: str
    pattern: str
    weather: str
    probabilities: dict[str, dict[str, float]]

    def group_probability(self, group: str) -> float:
        """How likely the picture shows an object of this concept group."""
        if group not in GROUPS:
            raise ValueError(f"The demo world has no group {group!r}; it has {', '.join(GROUPS)}.")
        return sum(self.probabilities["object"][kind] for kind in GROUPS[group])

    def shows(self, group: str) -> bool:
        """Whether the likeliest object belongs to this group."""
        return self.object in GROUPS.get(group, ())


class Judge:
    """Calls the network and puts its answer into words."""

    def __init__(self, network: JudgeNetwork) -> None:
        self.network = network.eval()

    @torch.no_grad()
    def __call__(self, images: Tensor) -> list[Verdict]:
        """Pictures as ComfyUI's IMAGE, (B, H, W, 3) in [0, 1] -> one verdict each."""
        if images.ndim != 4 or images.shape[-1] != 3:
            raise ValueError(
                f"The judge takes pictures of shape (B, H, W, 3), not {tuple(images.shape)}."
            )
        pictures = images.permute(0, 3, 1, 2).float().cpu()  # BHWC -> BCHW
        if pictures.shape[-2:] != (SIZE, SIZE):
            pictures = interpolate(pictures, (SIZE, SIZE), mode="area")
        logits = self.network(pictures)
        shares = {name: value.softmax(-1).tolist() for name, value in logits.items()}
        return [_verdict({k: v[i] for k, v in shares.items()}) for i in range(len(pictures))]


def _verdict(shares: dict[str, list[float]]) -> Verdict:
    probabilities = {
        name: dict(zip(ATTRIBUTES[name], values, strict=True)) for name, values in shares.items()
    }
    best = {name: max(values, key=values.__getitem__) for name, values in probabilities.items()}
    return Verdict(**best, probabilities=probabilities)


def load_judge(path: str | Path) -> Judge:
    """The judge from its safetensors file."""
    with safe_open(path, "pt") as file:
        found = (file.metadata() or {}).get("format")
        if found != FORMAT:
            raise ValueError(
                f"{path} is not a judge of the demo world: its format is {found!r}, expected "
                f"{FORMAT!r}. Take pretrained/demo_judge.safetensors."
            )
        names = file.keys()
        tensors = {name: file.get_tensor(name).float() for name in names}
    network = JudgeNetwork()
    network.load_state_dict(tensors)
    return Judge(network)
