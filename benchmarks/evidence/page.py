"""The evidence page: evidence.json, figures and evidence.md; of a full run also in docs/."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

import torch

from ..framework.output import markdown_table
from ..framework.results import Kept
from .experiment import Evidence, Size, Summary
from .registry import experiment

DOCS = Path(__file__).resolve().parents[2] / "docs"


class Facts(TypedDict):
    """What a page was made from; files: the digest of model, judge and HRV."""

    size: Size
    files: str
    machine: str


@dataclass(frozen=True)
class Part:
    """What the page tells of one experiment; seconds: of one thread; figures: file names."""

    name: str
    title: str
    paper: str
    cases: int
    planned: int
    seconds: float
    seeds: str
    summary: Summary[Any]
    figures: list[str]

    def as_json(self) -> dict[str, Any]:
        """One flat record, as evidence.json holds it."""
        whole = asdict(self)
        summary, figures = whole.pop("summary"), whole.pop("figures")
        return {**whole, **summary, "figures": figures}


def write_page(
    kept: Mapping[str, Sequence[Kept]],
    size: Size,
    files: str,
    folder: Path,
    docs: Path | None = DOCS,
) -> Path:
    """Summarise, draw and write everything into the folder; the path of the page.

    kept: experiment -> its cases on disk; docs: where a full run's page is published too; None
    keeps what stands there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_part(experiment(name), cases, size, folder) for name, cases in kept.items()]
    facts: Facts = {"size": size, "files": files, "machine": _machine()}
    written = {"facts": facts, "experiments": {p.name: p.as_json() for p in parts}}
    (folder / "evidence.json").write_text(json.dumps(written, indent=1), encoding="utf-8")
    page = folder / "evidence.md"
    page.write_text(markdown(facts, parts, "."), encoding="utf-8")
    if size == "full" and docs is not None:
        _publish(facts, parts, folder, docs)
    return page


def _publish(facts: Facts, parts: Sequence[Part], folder: Path, docs: Path) -> None:
    figures = docs / "evidence"
    figures.mkdir(parents=True, exist_ok=True)
    for name in (name for part in parts for name in part.figures):
        shutil.copyfile(folder / name, figures / name)
    (docs / "evidence.md").write_text(markdown(facts, parts, "evidence"), encoding="utf-8")


def markdown(facts: Facts, parts: Sequence[Part], figures: str) -> str:
    """The page; figures: their folder, as the page sees it."""
    seconds = sum(part.seconds for part in parts)
    again = "make evidence-full" if facts["size"] == "full" else "make evidence"
    blocks = [
        "# Evidence",
        "The papers' experiments on the demo model, whose world has ground truth: a small "
        "classifier, the judge, names what is in an image (its accuracy on renders stands in "
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
        markdown_table(
            ["experiment", "paper", "ours", "95% interval"],
            [[_link(p), p.paper, p.summary.ours, _interval(p.summary.interval)] for p in parts],
        ),
        "In one sentence each:",
        "\n".join(f"- {_link(part)}: {part.summary.sentence}" for part in parts),
        *(block for part in parts for block in _section(part, figures)),
    ]
    return "\n\n".join(blocks) + "\n"


def _part(chosen: Evidence[Any], cases: Sequence[Kept], size: Size, folder: Path) -> Part:
    try:
        summary = chosen.summarise([case["rows"] for case in cases])
        figures = chosen.figures(summary.data, folder)
    except ValueError as error:  # such as no usable image; the other experiments stand
        summary, figures = Summary(ours="nothing", sentence=f"{error}", data=None), []
    return Part(
        name=chosen.name,
        title=chosen.title,
        paper=chosen.paper,
        cases=len(cases),
        planned=len(chosen.cases(size)),
        seconds=sum(case["seconds"] for case in cases),
        seeds=_seeds([case["case"] for case in cases]),
        summary=summary,
        figures=figures,
    )


def _section(part: Part, figures: str) -> list[str]:
    told, captions = part.summary, part.summary.captions
    state = "" if part.cases == part.planned else f" of {part.planned}: not complete"
    minutes = part.seconds / 60
    return [
        f"## {part.title}",
        f"Paper: {part.paper}.",
        f"Here: {told.ours}{_in_text(told.interval)}.",
        f"**{told.sentence}**",
        *told.findings,
        *(
            f"![{captions.get(name, name)}]({figures}/{name})\n\n*{captions.get(name, '')}*"
            for name in part.figures
        ),
        *(
            f"{one['title']}:\n\n{markdown_table(one['header'], one['rows'])}"
            for one in told.tables
        ),
        f"{part.cases} cases{state}, {minutes:.0f} minutes of one thread; seeds {part.seeds}.",
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
    """All seeds anywhere in JSON; a scene has none."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("seed", "seeds"):
                yield from [inner] if isinstance(inner, int) else inner
            elif name != "scene":
                yield from _collect(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _collect(inner)


def _link(part: Part) -> str:
    anchor = "".join(c for c in part.title.lower().replace(" ", "-") if c.isalnum() or c in "-_")
    return f"[{part.title}](#{anchor})"


def _interval(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def _in_text(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f" (95% interval {_interval(interval)})"


def _machine() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{platform.machine()} CPU, torch {torch.__version__}"
