"""Concept adjusting with HRVs that were made in other ways."""

from __future__ import annotations

from itertools import product
from typing import TypedDict

from ..experiment import DemoStudy, Size
from ..lab import Lab
from .methods import Outcomes, Setting, bare_prompts, outcomes
from .variants import VARIANTS, relevance_of
from .words import Context, WordPrompt

USED: dict[Size, tuple[str, ...]] = {
    "quick": ("clear words", "one object each"),
    "full": tuple(VARIANTS),
}


class PromptOutcomes(Outcomes):
    """What the images of one prompt show."""

    word: str
    context: Context


class VariantCase(TypedDict):
    """A way to make an HRV, and the prompts it is tried on."""

    part: str
    variant: str
    on: list[WordPrompt]


class VariantRow(VariantCase):
    """All prompts of a variant, both directions."""

    found: list[PromptOutcomes]


class OtherHRVs(DemoStudy[VariantCase, VariantRow]):
    """Other concept-words, other concepts, or the authors' way of counting."""

    tag, kinds = "part", ("variant",)

    def cases(self, size: Size) -> list[VariantCase]:
        on = bare_prompts(size)
        return [{"part": self.kinds[0], "variant": name, "on": on} for name in USED[size]]

    def run(self, lab: Lab, case: VariantCase) -> VariantRow:
        variant, found = VARIANTS[case["variant"]], list[PromptOutcomes]()
        relevance = relevance_of(lab, variant)
        for one in case["on"]:
            for desired, strength in product((0, 1), variant.strengths):
                setting = Setting("adjust", desired, strength, variant.clamp)
                seen = outcomes(lab, relevance, one, setting)
                found.append({"word": one["word"], "context": one["context"], **seen})
        return {**case, "found": found}

    def cost(self, case: VariantCase) -> float:
        return 30 + 0.2 * 10 * len(case["on"])
