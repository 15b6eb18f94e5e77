"""The papers' experiments on a checkpoint of Stable Diffusion 1.x or SDXL, judged by CLIP.

    python3 tools/host.py run -m tools.pack benchmarks.real_models --checkpoint sd15.safetensors
    ... --authors-prompts         the authors' benchmark prompts, fetched once (else a few of ours)
    ... --size small --only edit  fewer prompts and seeds, one experiment
    ... --hrv mine.hrv.safetensors    your own vectors instead of the published ones
    ... --dino facebook/dinov2-base --blip Salesforce/blip2-opt-2.7b    the papers' other judges

Needs open_clip (`make clip`). Cases that are done are kept in output/real and not run again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import comfy.model_management
import torch
from tqdm import tqdm

from ..nodes.host.weights_digest import weights_digest
from ..nodes.library.folders import own_folder
from .framework.output import OUTPUT, machine
from .framework.results import Results, digest
from .real.edit import Edit
from .real.extras import BlipCaptions, DinoFeatures, Extras
from .real.judge import PAPER, ClipSimilarity, Similarity
from .real.lab import Lab, Settings, load_parts, relevance_for
from .real.maps import Maps
from .real.meanings import Meanings
from .real.objects import Objects
from .real.report import write
from .real.scope import SIZES, Columns, RealExperiment, Scope
from .real.weaken import Weaken

EXPERIMENTS: dict[str, RealExperiment[Any]] = {
    one.name: one for one in (Weaken(), Meanings(), Maps(), Edit(), Objects())
}
FOLDER = OUTPUT / "real"


def arguments() -> argparse.ArgumentParser:
    """The options; defaults are the papers' where they name them."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.real_models",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--checkpoint", type=Path, required=True, help="a whole checkpoint of SD1.x or SDXL")
    add("--hrv", type=Path, help="its HRV file; without: the published one of its family")
    add("--only", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS))
    add("--size", choices=SIZES, default="paper", help="how many prompts and seeds")
    add("--authors-prompts", action="store_true", help="fetch the authors' benchmark prompts")
    add("--masks", type=Path, help="masks (white is the object) named as the images in maps/")
    add("--steps", type=int, default=50)
    add("--cfg", type=float, default=7.5)
    add("--sampler", default="euler")
    add("--scheduler", default="normal")
    add("--pixels", type=int, help="width and height; without: 512, for SDXL 1024")
    add("--clip", default=PAPER[0], help="open_clip's architecture of the judge")
    add("--clip-weights", default=PAPER[1], help="open_clip's name of its weights")
    add("--dino", help="a DINOv2 model of transformers, a name or folder, for edit")
    add("--blip", help="a BLIP-2 model of transformers, a name or folder, for objects")
    add("--out", type=Path, default=FOLDER)
    return parser


def main(*given: str) -> None:
    """Run what is not done yet and write results.json and results.md."""
    options = arguments().parse_args(given)
    device = comfy.model_management.get_torch_device()
    judge = ClipSimilarity(options.clip, options.clip_weights, device)
    with torch.inference_mode():
        lab = make_lab(options, judge, further_judges(options, device))
        page = run_all(lab, options)
    print(f"The page is {page}")


def further_judges(options: argparse.Namespace, device: Any) -> Extras:
    """DINOv2 and BLIP-2, as far as the options name them."""
    return Extras(
        DinoFeatures(options.dino, device) if options.dino else None,
        BlipCaptions(options.blip, device) if options.blip else None,
    )


def make_lab(options: argparse.Namespace, judge: Similarity, extras: Extras) -> Lab:
    """The checkpoint's parts with its HRV, as the options say."""
    parts = load_parts(options.checkpoint)
    hrv = relevance_for(parts[0], options.hrv, own_folder())
    pixels = options.pixels or (1024 if hrv.heads.family == "SDXL" else 512)
    settings = Settings(options.steps, options.cfg, options.sampler, options.scheduler, pixels)
    return Lab(*parts, hrv, judge, settings, options.out / "maps", options.masks, extras)


def run_all(lab: Lab, options: argparse.Namespace) -> Path:
    """Every chosen experiment; the path of the page."""
    authors = own_folder() / "prompts" if options.authors_prompts else None
    about = {**lab.described(), "weights": weights_digest(lab.model)}
    scope = Scope(lab.hrv, SIZES[options.size], authors, lab.masks)
    depends_on = digest(about)
    results = Results(options.out / "cases" / depends_on[:12], depends_on)
    found = {
        one: run_experiment(lab, one, scope, results)
        for one in (EXPERIMENTS[name] for name in options.only)
    }
    prompts = "the authors'" if authors else "a few of the pack's own"
    told = {"machine": machine(), "size": options.size, "prompts": prompts}
    return write(options.out, {**about, **told}, found)


def run_experiment(lab: Lab, one: RealExperiment[Any], scope: Scope, results: Results) -> Columns:
    """The table of an experiment; finished cases are taken from their files."""
    rows = []
    for case in tqdm(one.cases(scope), desc=one.name):
        kept = results.load(one, case)
        if kept is None:
            began = time.monotonic()
            found = one.run(lab, case)
            results.save(one, case, found, time.monotonic() - began)
        rows.append(kept["rows"] if kept else found)
    return one.summarise(rows) if rows else {}
