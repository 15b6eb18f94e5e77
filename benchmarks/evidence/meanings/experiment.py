"""Words with two meanings: how often the wrong one is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ....demo.backdrop import WEATHERS
from ....demo.captions import STYLE_WORDS, WEATHER_WORDS, object_words
from ....demo.styles import STYLES
from ....demo.world import COLOURS, MEANINGS, PATTERNS
from ....hrv.relevance import HeadRelevance
from ..framework import SEEDS, Case, Experiment, Lab, Rows, Size, Summary
from . import figures as meanings_figure
from . import head_effects
from .summary import summarise
from .variants import VARIANTS, relevance_of
from .words import concepts_of, shown_meaning, text_of

FIRST_SEED = SEEDS["meanings"]
CONTEXTS: dict[Size, int] = {"quick": 2, "full": 4}
"""Prompts around each word."""
PICTURES = 10
STRENGTHS: dict[Size, tuple[float, ...]] = {
    "quick": (0.5, 1.5),
    "full": (0.25, 0.5, 0.75, 1.5),
}
CLAMPS: dict[Size, tuple[float, ...]] = {"quick": (2.0,), "full": (1.5, 2.0, 3.0)}
SETUPS: dict[Size, tuple[str, ...]] = {
    "quick": ("clear words", "one object each"),
    "full": tuple(VARIANTS),
}

TRIED: dict[Size, int] = {"quick": 4, "full": 8}
"""Pictures that each head's effect is measured on."""


@dataclass(frozen=True)
class Setting:
    """One way to make the word mean `desired` (0 or 1, which of its meanings)."""

    method: str
    desired: int
    strength: float = 1.0
    clamp: float = 0.0


class TwoMeanings(Experiment):
    """Section 5.1 and appendix G.3: misinterpretation of words."""

    name = "meanings"
    title = "Words with two meanings"
    paper = (
        "Section 5.1 of 2412.02237: concept adjusting lowers misinterpretation from 63.0% to "
        "15.9% of the pictures (10 prompts x 10 seeds, 36 raters)"
    )

    def cases(self, size: Size) -> list[Case]:
        rng = np.random.default_rng(FIRST_SEED)
        cases: list[Case] = []
        for number, (turn, word) in enumerate(product(range(CONTEXTS[size]), MEANINGS)):
            first = FIRST_SEED + 100 * number
            cases.append(
                {
                    "part": "methods",
                    "word": word,
                    "context": _context(rng, bare=turn == 0),
                    "seeds": list(range(first, first + PICTURES)),
                    "strengths": STRENGTHS[size],
                    "clamps": CLAMPS[size],
                }
            )
        plain = cases.copy()
        for setup in SETUPS[size]:
            on = [_bare(case) for case in plain]
            cases.append({"part": "variant", "variant": setup, "on": on})
        for number, word in enumerate(MEANINGS):
            first = FIRST_SEED + 91_000 + 100 * number
            seeds = list(range(first, first + TRIED[size]))
            on = [_bare(case) for case in plain if case["word"] == word]
            kinds = list(MEANINGS[word])
            cases.append(
                {"part": "effects", "word": word, "kinds": kinds, "seeds": seeds, "on": on}
            )
        return cases

    def run(self, lab: Lab, case: Case) -> Rows:
        found: list[dict[str, Any]] = []
        if case["part"] == "variant":
            relevance = relevance_of(lab, case["variant"])
            for one in case["on"]:
                found += _variant(lab, relevance, case["variant"], one)
            return {**case, "found": found}
        if case["part"] == "effects":
            return head_effects.run(lab, case)
        for setting in settings(case["strengths"], case["clamps"]):
            shown = outcomes(lab, lab.relevance, case, setting)
            found.append({**asdict(setting), "shown": shown})
        return {**case, "found": found}

    def summarise(self, rows: list[Rows]) -> Summary:
        return summarise(rows)

    def figures(self, summary: Summary, folder: Path) -> list[str]:
        return meanings_figure.draw(summary["data"], folder)

    def cost(self, case: Case) -> float:
        if case["part"] == "variant":
            return 30 + 0.2 * 10 * len(case["on"])
        if case["part"] == "effects":
            return 17 * len(case["seeds"]) + 8 * len(case["on"])
        return 0.1 * PICTURES * len(list(settings(case["strengths"], case["clamps"])))


def settings(strengths: list[float], clamps: list[float]) -> Iterator[Setting]:
    """Every setting of a prompt; the plain one and the one without the word serve both."""
    yield Setting("plain", 0)
    yield Setting("word off", 0)
    for desired in (0, 1):
        for method in ("prompt only", "strengthen", "adjust", "adjust all words"):
            yield Setting(method, desired)
        yield from (Setting("adjust", desired, strength) for strength in strengths)
        yield from (Setting("strengthen", desired, strength) for strength in strengths)
        yield from (Setting("adjust", desired, 1.0, clamp) for clamp in clamps)


def outcomes(lab: Lab, relevance: HeadRelevance, case: Case, setting: Setting) -> list[str]:
    """What each picture shows: "first" or "second" meaning, "both" or "neither"."""
    word, kinds = case["word"], MEANINGS[case["word"]]
    clear = setting.method == "prompt only"
    prompt = lab.prompt(text_of(case, object_words(kinds[setting.desired]) if clear else word))
    model = _steered(lab, relevance, prompt, case, setting)
    return [shown_meaning(kinds, verdict) for verdict in lab.see(model, prompt, case["seeds"])]


def _steered(lab: Lab, relevance: Any, prompt: Any, case: Case, setting: Setting) -> Any:
    from ....nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen, HRVOrderedWeaken

    word = case["word"]
    wanted, other = concepts_of(relevance, word, setting.desired)
    clamp = ("custom", setting.clamp) if setting.clamp else ("none", 9.0)
    given = (lab.model, relevance, prompt)
    if setting.method == "adjust all words":
        word = ", ".join(dict.fromkeys(text_of(case, word).split()))
    if setting.method == "strengthen":
        made = HRVConceptStrengthen.execute(*given, word, wanted, setting.strength, *clamp)
    elif setting.method.startswith("adjust"):
        made = HRVConceptAdjust.execute(*given, word, wanted, other, setting.strength, *clamp)
    elif setting.method == "word off":
        made = HRVOrderedWeaken.execute(*given, wanted, "MoRHF", 100.0, "percent", 0.0, word)
    else:
        return lab.model
    return made.args[0]


def _variant(lab: Lab, relevance: Any, name: str, case: Case) -> list[dict[str, Any]]:
    found = []
    for desired, strength in product((0, 1), VARIANTS[name].strengths):
        setting = Setting("adjust", desired, strength, VARIANTS[name].clamp)
        shown = outcomes(lab, relevance, case, setting)
        where = {"word": case["word"], "context": case["context"]}
        found.append({**where, **asdict(setting), "shown": shown})
    return found


def _bare(case: Case) -> Case:
    return {name: case[name] for name in ("word", "context", "seeds")}


def _context(rng: np.random.Generator, bare: bool) -> dict[str, str]:
    """What stands around the word; nothing where it is bare."""
    drawn = {
        "colour": str(rng.choice(tuple(COLOURS))),
        "pattern": str(rng.choice(PATTERNS)),
        "weather": WEATHER_WORDS[str(rng.choice(WEATHERS))][0],
        "style": STYLE_WORDS[str(rng.choice(tuple(STYLES)))],
    }
    return dict.fromkeys(drawn, "") if bare else drawn


EXPERIMENT = TwoMeanings()
