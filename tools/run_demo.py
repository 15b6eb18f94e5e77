"""Run the demo workflows in the real ComfyUI, plain and steered, and report what a judge sees.

::

    python tools/host.py run -m tools.run_demo

Writes images, ``contact_sheet.png`` and ``report.json`` into ``output/demo``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module

from .api.client import Client
from .api.workflow import to_api
from .demo_report.contact_sheet import contact_sheet, grid
from .demo_report.experiments import Arm, Bench
from .demo_report.studies import STUDIES, Found, Report
from .host import ROOT
from .server import Server

OUTPUT = ROOT / "output" / "demo"
JUDGE = ROOT / "pretrained" / "demo_judge.safetensors"


def main() -> int:
    """Sample, judge, write and print."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.glob("*.png"):
        old.unlink()
    began = time.monotonic()
    with Server() as server:
        say(f"ComfyUI runs after {time.monotonic() - began:.0f} s; sampling …")
        host = server.get_json("/system_stats")["system"]["comfyui_version"]
        found = run_studies(server)
    for part in found:
        for name, arms in part.arms.items():
            save_images(name, arms)
    write(found, host, time.monotonic() - began)
    print_table([part.report for part in found])
    return 0


def run_studies(server: Client) -> list[Found]:
    """Every study of the demo, with the seconds that its images took."""
    judge, info = import_module("demo.judge").load_judge(JUDGE), server.object_info()
    found = []
    for study in STUDIES:
        saved = json.loads((ROOT / "workflows" / f"{study.workflow}.json").read_text("utf-8"))
        bench = Bench(server, judge)
        part = study.run(bench, to_api(saved, info))
        part.report["seconds_per_image"] = round(bench.seconds / bench.images, 3)
        say(f"{part.report['title']}: {bench.images} images in {bench.seconds:.0f} s")
        found.append(part)
    return found


def save_images(name: str, arms: list[Arm]) -> None:
    """One PNG for each arm: a line for each prompt, the same place for the same seed."""
    for arm in arms:
        columns = len(arm.images) // len({wish.text for wish in arm.wishes})
        kept = "".join(c if c.isalnum() else "_" for c in arm.label)
        grid(arm.images, columns).save(OUTPUT / f"{name}_{kept}.png")


def write(found: list[Found], host: str, seconds: float) -> None:
    """The contact sheet and the report."""
    sections = [part.section for part in found]
    sheet = contact_sheet(
        "What the HRV nodes do",
        "Made by ComfyUI with the pack's own tiny model. Every comparison uses the same seeds; "
        "the figures say what a classifier sees in the images.",
        sections,
    )
    sheet.save(OUTPUT / "contact_sheet.png")
    experiments = [part.report for part in found]
    report = {
        "comfyui": host,
        "seconds": round(seconds, 1),
        "processors": os.cpu_count(),
        "experiments": experiments,
    }
    (OUTPUT / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


def print_table(reports: list[Report]) -> None:
    """The rates, short."""
    for report in reports:
        print(f"\n{report['title']}  ({report['seconds_per_image']:.2f} s an image)")
        arms = report["arms"]
        named = arms.items() if isinstance(arms, dict) else [("", arms)]
        for order, listed in named:
            for arm in listed:
                rates = "   ".join(f"{name} {100 * r:.0f}%" for name, r in arm["rates"].items())
                print(f"  {order:6}{arm['label']:42}{rates}")
    print(f"\nLook at {(OUTPUT / 'contact_sheet.png').relative_to(ROOT)}")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
