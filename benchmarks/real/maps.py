"""Selective attention maps on a real model (arXiv 2604.05906, Tables 1 to 3).

Every picture is written as a PNG. Masks of its object under the same name, made with whatever
segments well, are the reference; without them the maps are only compared with DAAM's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...hrv.head_choice import first_heads
from ...hrv.word_maps import daam_heads, daam_map, iou, normalise, segment, selective_map
from ...nodes.maps.capture import HRVCapture
from .lab import Lab
from .plan import Case, Experiment, Row, Size, Table, mean_of

CONCEPT = "Animals"
THRESHOLDS = (0.3, 0.4, 0.5)
HEADS = {"selective, 20 of 128": 20, "selective, 30 of 128": 30, "selective, 40 of 128": 40}
LEAST = 30


def cases(lab: Lab, size: Size, authors: Any) -> list[Case]:
    """A photo of each animal among the HRV's concept-words."""
    known = dict(zip(lab.hrv.concepts, lab.hrv.words, strict=True))
    words = [word.lower() for word in known.get(CONCEPT, ())][: size.prompts]
    masks = str(lab.masks) if lab.masks else ""
    return [{"word": word, "seed": seed, "masks": masks} for word in words for seed in size.seeds]


def run(lab: Lab, case: Case) -> list[Row]:
    """IoU of every way to choose heads, with the reference mask and with DAAM's map."""
    positive = lab.prompt(f"a photo of a {case['word']}")
    watched, captured = HRVCapture.execute(lab.model, positive).args
    latent = lab.latent(watched, positive, case["seed"])
    picture = lab.vae.decode(latent).cpu()[0]
    name = f"{case['word'].replace(' ', '_')}_{case['seed']}.png"
    _write(lab.pictures_folder / name, picture)
    heat = heats(lab, captured, latent, case["word"], (picture.shape[0], picture.shape[1]))
    truth = reference(lab.masks, name, (picture.shape[0], picture.shape[1]))
    rows = []
    for method, one in heat.items():
        for threshold in THRESHOLDS:
            mask = segment(one, threshold)
            row: Row = {"word": case["word"], "seed": case["seed"], "method": method}
            row |= {"threshold": threshold, "iou": None}
            row["daam"] = float(iou(mask, segment(heat["DAAM"], threshold)))
            if truth is not None:
                row["iou"] = float(iou(mask, truth[None]))
            rows.append(row)
    return rows


def heats(
    lab: Lab, captured: Any, latent: Tensor, word: str, size: tuple[int, int]
) -> dict[str, Tensor]:
    """Heat (1, height, width) in [0, 1] of every way to choose heads."""
    maps, layers = captured.word(latent, word)
    row, heads = lab.hrv.row(CONCEPT), lab.hrv.heads
    raw = {"DAAM": daam_map(layers, heads, daam_heads(layers, heads, maps.latent), size)}
    for name, count in HEADS.items():
        chosen = first_heads(row, "MoRHF", max(1, round(count / 128 * len(heads))))
        raw[name] = selective_map(layers, heads, chosen, size)
    least = first_heads(row, "LeRHF", max(1, round(LEAST / 128 * len(heads))))
    raw[f"least relevant {LEAST} of 128"] = selective_map(layers, heads, least, size)
    return {name: normalise(one, "min-max") for name, one in raw.items()}


def reference(folder: Path | None, name: str, size: tuple[int, int]) -> Tensor | None:
    """The reference mask (height, width) bool, or None where there is none."""
    if folder is None or not (folder / name).is_file():
        return None
    image = (
        Image.open(folder / name).convert("L").resize((size[1], size[0]), Image.Resampling.NEAREST)
    )
    return torch.from_numpy(np.asarray(image) > 127)


def _write(path: Path, picture: Tensor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = (picture.clamp(0, 1).numpy() * 255).round().astype(np.uint8)
    Image.fromarray(pixels).save(path)


def summarise(rows: Sequence[Row]) -> Table:
    """Method and threshold -> mean IoU with the references, where there are any, and with DAAM."""
    table: Table = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        for threshold in THRESHOLDS:
            mine = [r for r in rows if r["method"] == method and r["threshold"] == threshold]
            judged = [row for row in mine if row["iou"] is not None]
            table[f"{method}, threshold {threshold}"] = {
                "pictures": len(mine),
                "with a mask": len(judged),
                "mIoU": mean_of(judged, "iou", "word") if judged else None,
                "IoU with DAAM": mean_of(mine, "daam", "word"),
            }
    return table


MAPS = Experiment(
    "maps",
    "Segmentation by attention maps",
    "mIoU at 0.3, 0.4, 0.5 for animals on SD1.4: DAAM .749, .754, .626; 30 most relevant heads "
    ".770, .777, .679; 30 least relevant .665, .617, .465",
    cases,
    run,
    summarise,
)
