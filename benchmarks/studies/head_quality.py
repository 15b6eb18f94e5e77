"""Why a choice of heads segments well or badly: every head by itself, against exact masks.

Takes any captured maps, so it serves every demo model: `explain` the watched samplings, then
`show`. I: images; H: heads of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from scipy.stats import rankdata, spearmanr
from torch import Tensor

from ...hrv.head_choice import Order, first_heads
from ...hrv.heads import HeadTable
from ...hrv.maps import HeadMaps, LayerMaps
from ...hrv.relevance import HeadRelevance
from ...hrv.word_maps import daam_heads, daam_map, iou, normalise, segment, selective_map, upsample
from ..evidence.segmentation.resolutions import perfect
from ..framework.map_sizes import heads_by_size

THRESHOLD, SHARE = 0.4, 0.25
"""The threshold of the masks, and the share of the heads that are chosen."""
ORDERS: dict[Order, str] = {"MoRHF": "most", "LeRHF": "least"}


@dataclass(frozen=True)
class Watched:
    """The images of one prompt: its object's word, colour and concept, the exact masks
    (n, h, w) bool of the images that are `kept`, and what finds a word's maps in all."""

    word: str
    colour: str
    concept: str
    masks: Tensor
    kept: Sequence[bool]
    find: Callable[[str], tuple[HeadMaps, list[LayerMaps]]]


@dataclass
class HeadQuality:
    """What each head's own map of a word shows, image by image.

    own, inverse: IoU of a head's map and of its negative; contrast: log of the mean probability
    inside the object over that outside; claim: mean probability of the word; semantic: of all
    words together, the rest being the start and end tokens'; each (images, H). relevance (H,)
    of the concept: ranks from 0 to 1, 1 the most relevant.
    """

    heads: HeadTable
    pixels: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    rows: dict[str, list[np.ndarray]] = field(default_factory=dict)
    choices: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, sample: Watched, word: str, row: Tensor) -> None:
        """One word of one prompt's images, and the HRV (H,) whose heads are asked about."""
        captured, layers = sample.find(word)
        masks, own = sample.masks, _of(layers, sample.kept)
        everything = _of(captured.means(range(captured.tokens)), sample.kept)
        maps = list(_each_head(own, (masks.shape[1], masks.shape[2])))
        self.pixels = np.array([pixels for pixels, _ in maps])
        grown = torch.stack([one for _, one in maps], dim=1).clamp(min=0)  # I H h w
        inside = masks[:, None].expand_as(grown)
        heat = normalise(grown.flatten(0, 1).clamp(min=1e-12), "min-max").view_as(grown)
        found = {
            "own": _ious(heat > THRESHOLD, inside),
            "inverse": _ious(1 - heat > THRESHOLD, inside),
            "contrast": (_mean(grown, inside) / _mean(grown, ~inside)).log(),
            "claim": grown.mean(dim=(2, 3)),
            "semantic": torch.cat([x.maps.sum(dim=2).mean(dim=(2, 3)) for x in everything], dim=1),
            "relevance": torch.from_numpy(ranks(row)).expand(len(masks), -1),
        }
        for name, values in found.items():
            self.rows.setdefault(name, []).append(values.numpy())
        ways = [*choices(captured, own, row, (heat, grown)), *_perfect(own, masks)]
        for name, together in ways:
            scores = iou(segment(together, THRESHOLD), masks).numpy()
            self.choices.setdefault(name, []).append(scores)

    def values(self, name: str) -> np.ndarray:
        """(images, H) of one of the rows."""
        return np.concatenate(self.rows[name])

    def layers(self) -> list[dict[str, Any]]:
        """A row for each layer: its size, its part of the most relevant heads, its heads' means."""
        relevance = self.values("relevance")
        chosen = relevance > 1 - SHARE
        found = []
        for stage, layer, _ in self.heads.layers:
            span = self.heads.span(stage, layer)
            found.append(
                {
                    "layer": f"{stage} {layer}",
                    "pixels": int(self.pixels[span][0]),
                    "of the top": float(chosen[:, span].sum() / chosen.sum()),
                    **{name: float(self.values(name)[:, span].mean()) for name in _SHOWN},
                    "best": float(self.values("own")[:, span].mean(0).max()),
                    "rank correlation": _spearman(relevance[:, span], self.values("own")[:, span]),
                }
            )
        return found

    def correlations(self) -> dict[str, float]:
        """Spearman's, over heads, of relevance with what heads show; mean over images."""
        relevance = self.values("relevance")
        found = {name: _spearman(relevance, self.values(name)) for name in _SHOWN}
        within = [row["rank correlation"] for row in self.layers()]
        return {**found, "own, within a layer": float(np.nanmean(within))}

    def table(self) -> dict[str, float]:
        """Mean IoU of every choice of heads."""
        return {name: float(np.concatenate(s).mean()) for name, s in self.choices.items()}


_SHOWN = ("own", "inverse", "contrast", "claim", "semantic")


def _perfect(word: list[LayerMaps], masks: Tensor) -> Iterator[tuple[str, Tensor]]:
    return ((f"a perfect map of {size}", heat) for size, heat in perfect(word, masks))


def choices(
    captured: HeadMaps, word: list[LayerMaps], row: Tensor, own: tuple[Tensor, Tensor]
) -> Iterator[tuple[str, Tensor]]:
    """Heat (I, h, w) of each way to choose, weigh and scale heads."""
    heads, (scaled, raw) = captured.heads, own
    size = (raw.shape[2], raw.shape[3])
    daam = daam_map(word, heads, daam_heads(word, heads, captured.latent), size)
    yield "DAAM", normalise(daam, "min-max")
    every = torch.ones(len(heads), dtype=torch.bool)
    finest = next(iter(heads_by_size(word, heads).values()))
    for title, among in (("", every), (", finest layers only", finest)):
        yield f"all{title}", normalise(selective_map(word, heads, among, size), "min-max")
        for order, name in ORDERS.items():
            count = max(1, round(SHARE * int(among.sum())))
            chosen = torch.zeros_like(among)
            chosen[among] = first_heads(row[among], order, count)
            mean = selective_map(word, heads, chosen, size)
            yield f"{name} relevant{title}", normalise(mean, "min-max")
            if title:
                continue
            yield f"{name}, relative to the maximum", normalise(mean, "relative to the maximum")
            each = scaled[:, chosen].mean(dim=1)
            yield f"{name}, each head min-max first", normalise(each, "min-max")
            yield f"{name}, negative", 1 - normalise(mean, "min-max")


def _of(layers: list[LayerMaps], kept: Sequence[bool]) -> list[LayerMaps]:
    """The maps of the images that are kept."""
    return [LayerMaps(x.stage, x.layer, x.maps[list(kept)]) for x in layers]


def ranks(row: Tensor) -> np.ndarray:
    """Ranks of an HRV (H,), from 0 to 1."""
    return (rankdata(row.numpy()) - 0.5) / len(row)


def _each_head(word: list[LayerMaps], size: tuple[int, int]) -> Iterator[tuple[int, Tensor]]:
    """(pixels of its layer, map (I, h, w) over the word's tokens) of every head, in order."""
    for layer in word:
        grown = upsample(layer.maps.mean(dim=2), size)
        for head in range(grown.shape[1]):
            yield layer.size[0] * layer.size[1], grown[:, head]


def _mean(maps: Tensor, where: Tensor) -> Tensor:
    """Mean (I, H) of maps (I, H, h, w) where a mask holds."""
    total = (maps * where).sum(dim=(2, 3)) / where.sum(dim=(2, 3)).clamp(min=1)
    return total.clamp(min=1e-12)


def _ious(found: Tensor, masks: Tensor) -> Tensor:
    """IoU (I, H) of masks (I, H, h, w)."""
    return iou(found.flatten(0, 1), masks.flatten(0, 1)).view(found.shape[:2])


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over images of Spearman's rank correlation over heads; nan where all are equal."""
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if np.ptp(x) > 0 and np.ptp(y) > 0]
    return float(np.mean([spearmanr(x, y)[0] for x, y in pairs])) if pairs else float("nan")


def explain(
    samples: Iterable[Watched], relevance: HeadRelevance, groups: Sequence[str]
) -> dict[str, HeadQuality]:
    """The heads' quality for the object's word, by its concept and by all objects' (`groups`),
    and for the colour's word."""
    objects = torch.stack([relevance.row(group) for group in groups]).mean(dim=0)
    found: dict[str, HeadQuality] = {}
    for sample in samples:
        questions = {
            "object word, its concept's heads": (sample.word, relevance.row(sample.concept)),
            "object word, heads of all objects": (sample.word, objects),
            "colour word, heads of Color": (sample.colour, relevance.row("Color")),
        }
        for title, (word, row) in questions.items():
            found.setdefault(title, HeadQuality(relevance.heads)).add(sample, word, row)
    return found


def show(title: str, quality: HeadQuality) -> None:
    """Print the three tables."""
    print(f"\n{title}: mean IoU at threshold {THRESHOLD}, {SHARE:.0%} of the heads")
    for name, score in quality.table().items():
        print(f"  {name:<44} {score:.3f}")
    print("  rank correlation of a head's relevance with ...")
    for name, value in quality.correlations().items():
        print(f"    {name:<42} {value:+.2f}")
    _show_rows(quality.layers())


def _show_rows(rows: Sequence[dict[str, Any]]) -> None:
    names = list(rows[0])
    print("  " + "".join(f"{name:>{max(9, len(name) + 2)}}" for name in names))
    for row in rows:
        cells = (f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values())
        pairs = zip(names, cells, strict=True)
        print("  " + "".join(f"{cell:>{max(9, len(name) + 2)}}" for name, cell in pairs))
