"""The demo's studies: which prompts and seeds each samples, what is counted, how it is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..api.branches import Graph
from .contact_sheet import Band, Cell, Row, Section
from .experiments import Arm, Bench, Plan, Wish, side_by_side, weaken_row

ATTRIBUTES = ("object", "colour", "weather")
WEATHER = {"sunny": "on a sunny day", "rainy": "on a rainy day", "snowy": "on a snowy day"}
MEANINGS = {"animal": "mouse", "computer mouse": "computer mouse"}
SHARES = [4.0, 8.0, 16.0, 32.0, 64.0]

Report = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What a study gave: its part of report.json and of the sheet, and its arms by file name."""

    report: Report
    section: Section
    arms: dict[str, list[Arm]]


@dataclass(frozen=True)
class Study:
    """A demo workflow, what of it to sample, and how to make an account of it."""

    workflow: str
    plan: Plan
    account: Callable[[Bench, Graph, Plan], Found]

    def run(self, bench: Bench, graph: Graph) -> Found:
        """Sample and judge; ``graph`` is the workflow in API form."""
        return self.account(bench, graph, self.plan)

    def shortened(self, seeds: int, batch: int) -> Study:
        """The same study with its first seeds alone, and so many images for each."""
        plan = Plan(self.plan.wishes[:seeds], self.plan.seeds[:seeds], batch)
        return dataclasses.replace(self, plan=plan)


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


def measured_meanings(bench: Bench, graph: Graph, plan: Plan) -> Found:
    """The same seeds plain and steered both ways by the heads that HRV Measure finds."""
    arms = both_meanings(bench, graph, plan)
    title = "One word, two meanings: measured heads"
    text = (
        "The demo model knows two kinds of mouse. Prompts like “a blue mouse on a sunny day”; in "
        "each column the same prompt and seed. HRV Measure asks every head which way it turns the "
        f"word. Rates are of all {len(arms[0].images)} images per row, judged by a small "
        "classifier."
    )
    return shown_in_rows("measured_heads", title, text, plan, arms)


def voted_meanings(bench: Bench, graph: Graph, plan: Plan) -> Found:
    """The same seeds plain and with Concept Adjust by votes, in both directions."""
    arms = both_meanings(bench, graph, plan)
    title = "The same word by votes: Concept Adjust as in the paper"
    text = (
        "Votes tell which heads look at a concept, not which of them decide what a word becomes: "
        "for this word they fail. The same prompts, seeds and judge as above."
    )
    return shown_in_rows("concept_adjust", title, text, plan, arms)


def both_meanings(bench: Bench, graph: Graph, plan: Plan) -> list[Arm]:
    """Arms plain and adjusted in both directions, with the shares of the two meanings."""
    arms = side_by_side(bench, graph, {None, "HRVConceptAdjust"}, plan)
    for arm in arms:
        arm.rates = {name: arm.share("object", thing) for name, thing in MEANINGS.items()}
        arm.rates["something else"] = 1 - sum(arm.rates.values())
    return arms


def colour_strengthened(bench: Bench, graph: Graph, plan: Plan) -> Found:
    """The same seeds plain and with the colour word strengthened."""
    arms = side_by_side(bench, graph, {None, "HRVConceptStrengthen"}, plan)
    for arm in arms:
        arm.rates = {f"{name} as asked": arm.right(name) for name in ("colour", "object")}
        arm.rates["certain of the colour"] = arm.probability("colour")
    text = (
        "Prompts like “a red cat on a rainy day”; the colour word is strengthened as Color. Look "
        "also at stripes and dots, which nobody asked for."
    )
    return shown_in_rows("concept_strengthen", "A colour, strengthened", text, plan, arms)


def heads_weakened(bench: Bench, graph: Graph, plan: Plan) -> Found:
    """An Ordered Weaken row, most relevant heads first over least relevant first."""
    rows = weaken_row(bench, graph, SHARES, plan)
    arms = [arm for order in rows.values() for arm in order]
    for arm in arms:
        arm.rates = {name: arm.right(name) for name in ("colour", "object", "weather")}
    report = report_of("ordered_weaken", "Color taken away, head by head", plan, [])
    report["arms"] = {order: [arm_report(arm) for arm in listed] for order, listed in rows.items()}
    text = (
        "Ordered Weaken with factor -2, for every word of prompts like “a blue cat on a snowy "
        "day”. If the vectors are right, colour goes early above and late below."
    )
    notes = {"MoRHF": "most relevant heads for Color first", "LeRHF": "least relevant heads first"}
    bands = [
        Band(order, notes[order], [cell(arm) for arm in listed]) for order, listed in rows.items()
    ]
    named = {f"ordered_weaken_{order}": listed for order, listed in rows.items()}
    return Found(report, Section(report["title"], text, bands=bands), named)


STUDIES = (
    Study("demo-measure", MOUSE, measured_meanings),
    Study("demo-steer", MOUSE, voted_meanings),
    Study("demo-steer", COLOUR, colour_strengthened),
    Study("demo-weaken", WEAKEN, heads_weakened),
)


def shown_in_rows(name: str, title: str, text: str, plan: Plan, arms: list[Arm]) -> Found:
    """An account with a line of images for each arm."""
    report = report_of(name, title, plan, arms)
    return Found(report, Section(title, text, rows=[row(arm) for arm in arms]), {name: arms})


def row(arm: Arm) -> Row:
    """A line of the sheet: the first images of every prompt in turn."""
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
    """The images with the first of every prompt in front, then the second ones."""
    prompts = list(dict.fromkeys(wish.text for wish in arm.wishes))
    each = len(arm.images) // len(prompts)
    return [arm.images[p * each + i] for i in range(each) for p in range(len(prompts))]


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


def arm_report(arm: Arm) -> Report:
    right = {name: round(arm.right(name), 4) for name in ATTRIBUTES}
    rates = {name: round(rate, 4) for name, rate in arm.rates.items()}
    return {
        "label": arm.label,
        "steering": arm.steering,
        "pictures": len(arm.images),
        "rates": rates,
        "as_asked": right,
    }
