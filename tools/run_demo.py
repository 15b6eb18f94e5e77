"""Run the demo workflows in the real ComfyUI, plain and steered, and report what a judge sees.

::

    python tools/host.py run -m tools.run_demo

Writes pictures, ``contact_sheet.png`` and ``report.json`` into ``output/demo``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from typing import Any

from .contact_sheet import Band, Cell, Row, Section, contact_sheet, grid
from .experiments import Arm, Bench, Plan, Wish, side_by_side, weaken_row
from .host import ROOT
from .server import Server
from .workflow import to_api

OUTPUT = ROOT / "output" / "demo"
JUDGE = ROOT / "pretrained" / "demo_judge.safetensors"
ATTRIBUTES = ("object", "colour", "pattern", "weather")
WEATHER = {"sunny": "on a sunny day", "rainy": "on a rainy day", "snowy": "on a snowy day"}
MEANINGS = {"animal": "mouse", "computer mouse": "computer mouse"}
SHARES = [4.0, 8.0, 16.0, 32.0, 64.0]

Report = dict[str, Any]


def wish(colour: str, thing: str, weather: str, words: str = "") -> Wish:
    """“a red cat on a sunny day”; nothing is said about the pattern."""
    seen = {"object": thing, "colour": colour, "weather": weather, "pattern": "plain"}
    return Wish(f"a {colour} {thing} {WEATHER[weather]}", words, seen)


MOUSE = Plan(
    [
        wish("blue", "mouse", "sunny", "mouse"),
        wish("red", "mouse", "snowy", "mouse"),
        wish("yellow", "mouse", "rainy", "mouse"),
        wish("purple", "mouse", "sunny", "mouse"),
        wish("green", "mouse", "snowy", "mouse"),
        wish("pink", "mouse", "rainy", "mouse"),
    ],
    seeds=[1001, 1002, 1003, 1004, 1005, 1006],
    batch=8,
)
COLOUR = Plan(
    [
        wish("blue", "plane", "sunny", "blue"),
        wish("red", "cat", "rainy", "red"),
        wish("green", "boat", "snowy", "green"),
        wish("yellow", "fish", "sunny", "yellow"),
        wish("purple", "apple", "rainy", "purple"),
        wish("pink", "camera", "snowy", "pink"),
    ],
    seeds=[2001, 2002, 2003, 2004, 2005, 2006],
    batch=8,
)
WEAKEN = Plan(
    [
        wish("red", "plane", "sunny"),
        wish("blue", "cat", "snowy"),
        wish("yellow", "boat", "rainy"),
        wish("purple", "apple", "sunny"),
    ],
    seeds=[3001, 3002, 3003, 3004],
    batch=6,
)


def main() -> int:
    """Sample, judge, write and print."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.glob("*.png"):
        old.unlink()
    judge = import_module("demo.judge").load_judge(JUDGE)
    began = time.monotonic()
    with Server() as server:
        say(f"ComfyUI runs after {time.monotonic() - began:.0f} s; sampling …")
        host = server.get_json("/system_stats")["system"]["comfyui_version"]
        info = server.object_info()
        graphs = {
            name: to_api(json.loads((ROOT / "workflows" / f"{name}.json").read_text()), info)
            for name in ("demo-steer", "demo-weaken")
        }
        parts = []
        for experiment, name in EXPERIMENTS:
            bench = Bench(server, judge)
            report, section = experiment(bench, graphs[name])
            report["seconds_per_image"] = round(bench.seconds / bench.pictures, 3)
            say(f"{report['title']}: {bench.pictures} pictures in {bench.seconds:.0f} s")
            parts.append((report, section))
    write(parts, host, time.monotonic() - began)
    print_table([report for report, _ in parts])
    return 0


def two_meanings(bench: Bench, graph: dict[str, Any]) -> tuple[Report, Section]:
    """The same seeds plain and with Concept Adjust in both directions."""
    arms = side_by_side(bench, graph, {None, "HRVConceptAdjust"}, MOUSE)
    for arm in arms:
        arm.rates = {name: arm.share("object", thing) for name, thing in MEANINGS.items()}
        arm.rates["something else"] = 1 - sum(arm.rates.values())
    save_pictures("concept_adjust", arms)
    report = report_of("concept_adjust", "One word, two meanings: Concept Adjust", MOUSE, arms)
    text = (
        "The demo model knows two kinds of mouse. Prompts like “a blue mouse on a sunny day”; in "
        "each column the same prompt and seed. Rates are of all "
        f"{len(arms[0].pictures)} pictures a row, judged by a small classifier."
    )
    return report, Section(report["title"], text, rows=[row(arm) for arm in arms])


def colour_strengthened(bench: Bench, graph: dict[str, Any]) -> tuple[Report, Section]:
    """The same seeds plain and with the colour word strengthened."""
    arms = side_by_side(bench, graph, {None, "HRVConceptStrengthen"}, COLOUR)
    for arm in arms:
        arm.rates = {f"{name} as asked": arm.right(name) for name in ("colour", "object")}
        arm.rates["certain of the colour"] = arm.probability("colour")
    save_pictures("concept_strengthen", arms)
    report = report_of("concept_strengthen", "A colour, strengthened", COLOUR, arms)
    text = (
        "Prompts like “a red cat on a rainy day”; the colour word is strengthened as Color. Look "
        "also at stripes and dots, which nobody asked for."
    )
    return report, Section(report["title"], text, rows=[row(arm) for arm in arms])


def heads_weakened(bench: Bench, graph: dict[str, Any]) -> tuple[Report, Section]:
    """An Ordered Weaken row, most relevant heads first over least relevant first."""
    rows = weaken_row(bench, graph, SHARES, WEAKEN)
    arms = [arm for order in rows.values() for arm in order]
    for arm in arms:
        arm.rates = {name: arm.right(name) for name in ("colour", "object", "weather")}
    report = report_of("ordered_weaken", "Color taken away, head by head", WEAKEN, [])
    for order, listed in rows.items():
        save_pictures(f"ordered_weaken_{order}", listed)
    report["arms"] = {order: [arm_report(arm) for arm in listed] for order, listed in rows.items()}
    text = (
        "Ordered Weaken with factor -2, for every word of prompts like “a blue cat on a snowy "
        "day”. If the vectors are right, colour goes early above and late below."
    )
    notes = {"MoRHF": "most relevant heads for Color first", "LeRHF": "least relevant heads first"}
    bands = [
        Band(order, notes[order], [cell(arm) for arm in listed]) for order, listed in rows.items()
    ]
    return report, Section(report["title"], text, bands=bands)


EXPERIMENTS = (
    (two_meanings, "demo-steer"),
    (colour_strengthened, "demo-steer"),
    (heads_weakened, "demo-weaken"),
)


def row(arm: Arm) -> Row:
    """A line of the sheet: the first pictures of every prompt in turn."""
    return Row(arm.label, note(arm), interleaved(arm), arm.rates)


def note(arm: Arm) -> str:
    """The steering node and its strength, in words."""
    if not arm.steering:
        return "without HRV nodes"
    kind = {"HRVConceptAdjust": "Concept Adjust", "HRVConceptStrengthen": "Concept Strengthen"}
    return f"{kind[arm.steering['node']]}, strength {arm.steering['strength']:g}"


def cell(arm: Arm) -> Cell:
    return Cell(f"{arm.label} of the heads", interleaved(arm), arm.rates)


def interleaved(arm: Arm) -> list[Any]:
    """The pictures with the first of every prompt in front, then the second ones."""
    prompts = list(dict.fromkeys(wish.text for wish in arm.wishes))
    each = len(arm.pictures) // len(prompts)
    return [arm.pictures[p * each + i] for i in range(each) for p in range(len(prompts))]


def report_of(name: str, title: str, plan: Plan, arms: list[Arm]) -> Report:
    """What report.json says of an experiment."""
    return {
        "name": name,
        "title": title,
        "prompts": [wish.text for wish in plan.wishes],
        "seeds": plan.seeds,
        "pictures_per_seed": plan.batch,
        "arms": [arm_report(arm) for arm in arms],
    }


def save_pictures(name: str, arms: list[Arm]) -> None:
    """One PNG for each arm: a line for each prompt, the same place for the same seed."""
    for arm in arms:
        columns = len(arm.pictures) // len({wish.text for wish in arm.wishes})
        kept = "".join(c if c.isalnum() else "_" for c in arm.label)
        grid(arm.pictures, columns).save(OUTPUT / f"{name}_{kept}.png")


def arm_report(arm: Arm) -> Report:
    right = {name: round(arm.right(name), 4) for name in ATTRIBUTES if name != "pattern"}
    rates = {name: round(rate, 4) for name, rate in arm.rates.items()}
    return {
        "label": arm.label,
        "steering": arm.steering,
        "pictures": len(arm.pictures),
        "rates": rates,
        "as_asked": right,
    }


def write(parts: list[tuple[Report, Section]], host: str, seconds: float) -> None:
    """The contact sheet and the report."""
    sections = [section for _, section in parts]
    sheet = contact_sheet(
        "What the HRV nodes do",
        "Made by ComfyUI with the pack's own tiny model. Every comparison uses the same seeds; "
        "the figures say what a classifier sees in the pictures.",
        sections,
    )
    sheet.save(OUTPUT / "contact_sheet.png")
    experiments = [report for report, _ in parts]
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
                print(f"  {order:6}{arm['label']:34}{rates}")
    print(f"\nLook at {(OUTPUT / 'contact_sheet.png').relative_to(ROOT)}")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
