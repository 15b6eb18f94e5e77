"""How far an edit succeeds against what it keeps, on the demo model.

After arXiv 2412.02237, section 5.2 and figure 21, at small size: colour, pattern and weather
edits, P2P and P2P-HRV over self-replace rates, and only changing the prompt. The judge decides
whether the edit shows. What must stay is measured by mask: the surroundings of the object for
colours and patterns, the object itself for the weather. Generated pictures have no exact mask;
theirs is that of the world's own render which is most like the picture. Source pictures in which
the judge misses a part of their prompt are left out.

    python tools/host.py run -m tools.pack benchmarks.editing [--full]

A run that was broken off goes on where it was; output/editing-*.json holds every edit.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

import nodes as host_nodes

from ..demo.judge import load_judge
from ..demo.model import load_demo_model
from ..demo.world import Object, Scene, object_mask, render
from ..hrv.store import load_relevance
from ..nodes.library import PRETRAINED
from ..nodes.p2p import HRVP2PEdit, HRVP2PSplit
from ..nodes.prompt import HRVPrompt
from .editing_cases import CONCEPTS, FULL, QUICK, Case, Size, cases
from .editing_figure import trade_off
from .editing_summary import psnr, show, summarise
from .found_masks import drawing_score, redraw
from .harness import OUTPUT, machine

CROSS_REPLACE = 0.8
PICTURES, STEPS, CFG = 10, 10, 4.0
LAYERS = "all"
"""The demo's latent has 8 x 8 pixels: no layer as small as the published sixteenth of them, and
those of a quarter, 4 x 4, hold hardly any shape (seen in a trial with other seeds)."""
FILES = ("demo_model.safetensors", "demo_judge.safetensors", "demo.hrv.safetensors")
Method = dict[str, Any]


def methods(size: Size) -> list[Method]:
    """Ways to edit; rate is self-replace, None where only the prompt changes."""
    replacing = product(("P2P", "P2P-HRV"), size.rates)
    return [
        {"method": "prompt only", "rate": None},
        *({"method": name, "rate": rate} for name, rate in replacing),
    ]


def edit(parts: Any, hrv: Any, case: Case, method: Method) -> tuple[Any, Any]:
    """Source and edited pictures (PICTURES, 64, 64, 3)."""
    model, clip, vae = parts
    source, target = (HRVPrompt.execute(t, clip).args[0] for t in (case.source, case.target))
    channels = model.get_model_object("latent_format").latent_channels
    rate = method["rate"]
    patched, positive, pairs = HRVP2PEdit.execute(
        model,
        source,
        target,
        {"samples": torch.zeros(PICTURES, channels, 8, 8)},
        mode="replace",
        words=case.wanted,
        cross_replace=0.0 if rate is None else CROSS_REPLACE,
        self_replace={"self_replace": "custom", "share": rate or 0.0},
        concept=CONCEPTS[case.attribute],
        strength=1.0,
        layers=LAYERS,
        hrv=hrv if method["method"] == "P2P-HRV" else None,
    ).args
    negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    chosen = (STEPS, CFG, "euler", "normal", positive, negative, pairs, 1.0)
    latent = host_nodes.KSampler().sample(patched, case.seed, *chosen)[0]["samples"]
    return HRVP2PSplit.execute(images=vae.decode(latent)).args[:2]


def shows(case: Case, verdict: Any) -> bool:
    """Whether a source picture is what its prompt says; an edit of another one says little."""
    seen = (verdict.object, verdict.colour, verdict.pattern, verdict.weather)
    return seen == (case.kind, case.colour, case.pattern, case.weather)


def kept_areas(case: Case, drawn: list[Scene]) -> torch.Tensor:
    """Where each source picture must stay, (n, 64, 64) bool."""
    masks = torch.from_numpy(np.stack([object_mask(scene) > 0.5 for scene in drawn]))
    return masks if case.attribute == "weather" else ~masks


def squared_error(one: torch.Tensor, other: torch.Tensor, area: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of each picture in its area, (n,); colours in [0, 1]."""
    squares = ((one - other) ** 2).mean(dim=-1) * area
    return squares.sum(dim=(1, 2)) / area.sum(dim=(1, 2)).clamp(min=1)


def outcome(parts: Any, judge: Any, hrv: Any, case: Case, size: Size) -> dict[str, Any]:
    """Success and squared error of every usable picture of a case, for every method."""
    made = [(method, *edit(parts, hrv, case, method)) for method in methods(size)]
    before = made[0][1]
    thing = Object(case.kind, case.colour, case.pattern)
    drawn = redraw(before.numpy(), Scene((thing,), case.weather))
    renders = torch.from_numpy(np.stack([render(scene) for scene in drawn])) / 255
    areas = kept_areas(case, drawn)
    usable = [shows(case, verdict) for verdict in judge(before)]
    rows: list[dict[str, Any]] = []
    for method, source, edited in made:
        errors = squared_error(source, edited, areas).tolist()
        for verdict, error, use in zip(judge(edited), errors, usable, strict=True):
            success = getattr(verdict, case.attribute) == case.wanted
            rows += [{**method, "success": success, "error": error}] if use else []
    unlike = squared_error(before, renders, torch.ones_like(areas))[torch.tensor(usable)]
    return {"case": asdict(case), "unlike_render": unlike.tolist(), "rows": rows}


def settings(size: Size) -> dict[str, Any]:
    """All that the outcome of an edit depends on; other settings begin anew."""
    digests = [hashlib.sha256((PRETRAINED / name).read_bytes()).hexdigest()[:16] for name in FILES]
    return {
        "files": dict(zip(FILES, digests, strict=True)),
        "sampling": [PICTURES, STEPS, CFG, CROSS_REPLACE, LAYERS],
        "size": json.loads(json.dumps(asdict(size))),
    }


def measure(size: Size, path: Path) -> list[dict[str, Any]]:
    """The outcome of every edit; each is written down as soon as it is known."""
    known = json.loads(path.read_text()) if path.is_file() else {}
    if known.get("settings") != settings(size):
        known = {"settings": settings(size), "machine": machine(), "edits": {}}
    parts = load_demo_model(PRETRAINED / FILES[0])
    judge, hrv = load_judge(PRETRAINED / FILES[1]), load_relevance(PRETRAINED / FILES[2])
    found: list[dict[str, Any]] = []
    for case in cases(size):
        key = str(case.seed)
        if key not in known["edits"]:
            with torch.inference_mode():
                known["edits"][key] = outcome(parts, judge, hrv, case, size)
            path.with_suffix(".part").write_text(json.dumps(known))
            path.with_suffix(".part").replace(path)
        found.append(known["edits"][key])
        usable = len(found[-1]["unlike_render"])
        print(f"  seed {key}: {case.source} -> {case.wanted}: {usable} of {PICTURES}", flush=True)
    return found


def flat(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every picture's row with its case and attribute."""
    for edited in found:
        case = edited["case"]
        for row in edited["rows"]:
            yield {"case": case["seed"], "attribute": case["attribute"], **row}


def main(*arguments: str) -> None:
    if set(arguments) - {"--full"}:
        raise SystemExit("Only --full can be asked for; without it the quick size is measured.")
    size, began = FULL if arguments else QUICK, time.monotonic()
    print(
        f"{size.name}: {len(cases(size))} edits x {PICTURES} pictures x {len(methods(size))} "
        f"settings; {STEPS} steps, cfg {CFG:g}, cross-replace {CROSS_REPLACE:g}, self-replace in "
        f"{LAYERS} layers. An edit's pictures are the batch of its seed."
    )
    OUTPUT.parent.mkdir(exist_ok=True)
    path = OUTPUT.parent / f"editing-{size.name}.json"
    found = measure(size, path)
    table = summarise(list(flat(found)), methods(size))
    show(table)
    unlike = np.array([error for edited in found for error in edited["unlike_render"]])
    print(
        "\nKept area by the mask of the most similar render, not by exact geometry: IoU "
        f"{drawing_score():.3f} on blurred and noised renders; the source pictures differ from "
        f"their renders by {psnr(unlike):.1f} dB PSNR (raindrops, snow and sun included)."
    )
    path.write_text(json.dumps({**json.loads(path.read_text()), "results": table}, indent=1))
    trade_off(table, path.with_suffix(".png"))
    print(f"{time.monotonic() - began:.0f} s; {path.stem}.json and .png in output/")
