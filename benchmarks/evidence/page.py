"""The evidence page: evidence.json, figures and evidence.md; of a full run also in docs/."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from .framework import Experiment, Size, Summary, experiment

DOCS = Path(__file__).resolve().parents[2] / "docs"
Kept = dict[str, list[dict[str, Any]]]
"""Experiment -> what `Results.load` gave of its cases."""


def write_page(kept: Kept, size: Size, files: str, folder: Path, docs: Path | None = DOCS) -> Path:
    """Summarise, draw and write everything into the folder; the path of the page.

    docs: where a full run's page is published too; None keeps what stands there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_part(experiment(name), cases, size, folder) for name, cases in kept.items()]
    facts = {"size": size, "files": files, "machine": _machine()}
    written = {"facts": facts, "experiments": {p["name"]: p for p in parts}}
    (folder / "evidence.json").write_text(json.dumps(written, indent=1), encoding="utf-8")
    page = folder / "evidence.md"
    page.write_text(markdown(facts, parts, "."), encoding="utf-8")
    if size == "full" and docs is not None:
        figures = docs / "evidence"
        figures.mkdir(parents=True, exist_ok=True)
        for part in parts:
            for name in part["figures"]:
                shutil.copyfile(folder / name, figures / name)
        (docs / "evidence.md").write_text(markdown(facts, parts, "evidence"), encoding="utf-8")
    return page


def markdown(facts: dict[str, str], parts: list[dict[str, Any]], figures: str) -> str:
    """The page; figures: their folder, as the page sees it."""
    seconds = sum(part["seconds"] for part in parts)
    again = "make evidence-full" if facts["size"] == "full" else "make evidence"
    blocks = [
        "# Evidence",
        "The papers' experiments on the demo model, whose world has ground truth: a small "
        "classifier, the judge, names what is in a picture (its accuracy on renders stands in "
        "`pretrained/demo_model.md`), and masks come from the most similar render. Papers: HRV, "
        "[arXiv 2412.02237](https://arxiv.org/abs/2412.02237), and selective maps, "
        "[arXiv 2604.05906](https://arxiv.org/abs/2604.05906), both on Stable Diffusion. The "
        "demo model is tiny and knows only its world; its numbers say whether an effect is there, "
        "not how large it is elsewhere.",
        f"Size: {facts['size']}. Made again with `{again}`; {seconds / 60:.0f} minutes of one "
        f"thread ({facts['machine']}). Sizes and seeds stand in the code. "
        f"Model, judge and HRV: {facts['files']}. Intervals are 95%, by bootstrap over "
        "prompts unless a section says otherwise. MoRHF and LeRHF: the most, or the least, "
        "relevant heads first.",
        table(
            ["experiment", "paper", "ours", "95% interval"],
            [[_link(p), p["paper"], p["ours"], _interval(p["interval"])] for p in parts],
        ),
        "In one sentence each:",
        "\n".join(f"- {_link(part)}: {part['sentence']}" for part in parts),
        *(block for part in parts for block in _section(part, figures)),
    ]
    return "\n\n".join(blocks) + "\n"


def table(header: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _part(
    chosen: Experiment, cases: list[dict[str, Any]], size: Size, folder: Path
) -> dict[str, Any]:
    try:
        summary: Summary = chosen.summarise([case["rows"] for case in cases])
        figures = chosen.figures(summary, folder)
    except ValueError as error:  # such as no usable picture; the other experiments stand
        summary, figures = {"ours": "nothing", "interval": None, "sentence": f"{error}"}, []
    planned = len(chosen.cases(size))
    return {
        "name": chosen.name,
        "title": chosen.title,
        "paper": chosen.paper,
        "cases": len(cases),
        "planned": planned,
        "seconds": sum(case["seconds"] for case in cases),
        "seeds": _seeds([case["case"] for case in cases]),
        **summary,
        "figures": figures,
    }


def _section(part: dict[str, Any], figures: str) -> list[str]:
    captions = part.get("captions", {})
    state = "" if part["cases"] == part["planned"] else f" of {part['planned']}: not complete"
    minutes = part["seconds"] / 60
    return [
        f"## {part['title']}",
        f"Paper: {part['paper']}.",
        f"Here: {part['ours']}{_in_text(part['interval'])}.",
        f"**{part['sentence']}**",
        *part.get("findings", []),
        *(
            f"![{captions.get(name, name)}]({figures}/{name})\n\n*{captions.get(name, '')}*"
            for name in part["figures"]
        ),
        *(
            f"{one['title']}:\n\n{table(one['header'], one['rows'])}"
            for one in part.get("tables", [])
        ),
        f"{part['cases']} cases{state}, {minutes:.0f} minutes of one thread; seeds "
        f"{part['seeds']}.",
    ]


def _seeds(value: Any) -> str:
    """The seeds of cases as ranges: 7000000 to 7000009, ..."""
    numbers = sorted(set(_collect(value)))
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    steps = {b[0] - a[0] for a, b in pairwise(ranges)}
    lengths = {b - a for a, b in ranges}
    if len(ranges) > 3 and len(steps) == len(lengths) == 1:
        (first, second), last = ranges[0], ranges[-1]
        return f"{first} to {second}, and so on every {steps.pop()} to {last[0]} to {last[1]}"
    return ", ".join(f"{a} to {b}" if a != b else str(a) for a, b in ranges) or "none"


def _collect(value: Any) -> Iterable[int]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("seed", "seeds"):
                yield from [inner] if isinstance(inner, int) else inner
            elif name != "scene":
                yield from _collect(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _collect(inner)


def _link(part: dict[str, Any]) -> str:
    title = part["title"]
    anchor = "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c in "-_")
    return f"[{title}](#{anchor})"


def _interval(interval: list[float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def _in_text(interval: list[float] | None) -> str:
    return "" if interval is None else f" (95% interval {_interval(interval)})"


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _machine() -> str:
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{platform.machine()} CPU, torch {torch.__version__}"
