"""The evidence page: evidence.json, figures and evidence.md; of a full run also in docs/."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

import torch

from ..framework.output import markdown_table
from ..framework.results import Kept
from .experiment import Evidence, Size, Summary
from .registry import EXPERIMENTS, experiment
from .sections import Section, page_of, replaced, sections_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
INTRODUCTION = (
    "# Evidence",
    "The papers' experiments on the demo model, whose world has ground truth: a small "
    "classifier, the judge, names what is in an image (its accuracy on renders stands in "
    "`pretrained/demo_model.md`), and masks come from the most similar render. Papers: HRV, "
    "[arXiv 2412.02237](https://arxiv.org/abs/2412.02237), and selective maps, "
    "[arXiv 2604.05906](https://arxiv.org/abs/2604.05906), both on Stable Diffusion. The "
    "demo model is tiny and knows only its world; its numbers say whether an effect is there, "
    "not how large it is elsewhere.",
    "Made again with `make evidence-full`; each section ends with its size, its seeds and the "
    "files it was made from. Intervals are 95%, by bootstrap over prompts unless a section says "
    "otherwise. “As in the paper”, “weaker than in the paper”, “not seen” and “against the paper” "
    "are said by rules that were written before the run: an effect is seen where its interval is "
    "clear of 0, and weaker where its interval does not reach the paper's size, which a wide one "
    "does easily, or where the paper's stricter claim fails. Three things beside these rules were "
    "settled with first results at hand, and none makes a verdict kinder: in ordered weakening, "
    "where all prompts are alike, a made-up one without any effect joins them, which widens the "
    "interval; what the other concepts lose in a concept's order is compared there too, which no "
    "verdict uses; and for words with two meanings the interval of a difference is not cut off at "
    "0 and 100 points. MoRHF and LeRHF: the most, or the least, relevant heads first.",
)


class Facts(TypedDict):
    """What a page was made from; files: the digests of model, judge and vectors."""

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
    facts: Facts,
    folder: Path,
    published: Collection[str] = (),
    docs: Path = DOCS,
) -> Path:
    """Summarise, draw and write everything into the folder; the path of the page.

    kept: experiment -> its cases on disk; published: experiments whose sections and figures go
    into docs too, in the place of those that stand there; the others stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_part(experiment(name), cases, facts["size"], folder) for name, cases in kept.items()]
    written = {"facts": facts, "experiments": {p.name: p.as_json() for p in parts}}
    (folder / "evidence.json").write_text(json.dumps(written, indent=1), encoding="utf-8")
    page = folder / "evidence.md"
    sections = [_section(part, facts, ".") for part in parts]
    page.write_text(page_of(INTRODUCTION, sections), encoding="utf-8")
    chosen = [part for part in parts if part.name in published]
    if chosen:
        _publish(chosen, facts, folder, docs)
    return page


def _publish(parts: Sequence[Part], facts: Facts, folder: Path, docs: Path) -> None:
    figures, page = docs / "evidence", docs / "evidence.md"
    figures.mkdir(parents=True, exist_ok=True)
    for part in parts:
        for stale in figures.glob(f"{part.name}[-_.]*"):
            stale.unlink()
        for name in part.figures:
            shutil.copyfile(folder / name, figures / name)
    old = sections_of(page.read_text(encoding="utf-8")) if page.is_file() else []
    new = [_section(part, facts, "evidence") for part in parts]
    titles = [*dict.fromkeys([*(one.title for one in EXPERIMENTS.values()), *_titles(new)])]
    page.write_text(page_of(INTRODUCTION, replaced(old, new, titles)), encoding="utf-8")


def _titles(sections: Sequence[Section]) -> list[str]:
    return [one.title for one in sections]


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


def _section(part: Part, facts: Facts, figures: str) -> Section:
    """figures: their folder, as the page sees it."""
    told, captions = part.summary, part.summary.captions
    blocks = [
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
        _made(part, facts),
    ]
    return Section("\n\n".join(blocks))


def _made(part: Part, facts: Facts) -> str:
    """From what, how long, and whether that is all of it."""
    state = f"{part.cases} cases"
    if part.cases < part.planned:
        state += f" of the {part.planned} of this size: not complete"
    return (
        f"Size {facts['size']}: {state}; {part.seconds / 60:.0f} minutes of one thread "
        f"({facts['machine']}); seeds {part.seeds}. Model, judge and votes: {facts['files']}."
    )


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


def _in_text(interval: Sequence[float] | None) -> str:
    if interval is None:
        return ""
    return f" (95% interval {interval[0]:.3f} to {interval[1]:.3f})"


def machine() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{platform.machine()} CPU, torch {torch.__version__}"
