"""Concept adjusting with HRVs that were voted in other ways."""

from __future__ import annotations

from typing import TypedDict

from ....hrv.rescale import adjusting
from ..experiment import DemoStudy, Size
from ..lab import Lab
from .methods import Outcomes, shown_in, word_prompts
from .sources import size_of
from .variants import VARIANTS, relevance_of
from .words import BARE, DIRECTIONS, Context, WordPrompt, concepts_of, text_of

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
    """Other concept-words, other concepts, or the authors' way of counting; bare words."""

    tag, kinds = "part", ("variant",)

    def cases(self, size: Size) -> list[VariantCase]:
        on = [prompt for prompt in word_prompts(size) if prompt["context"] == BARE]
        return [{"part": self.kinds[0], "variant": name, "on": on} for name in USED[size]]

    def run(self, lab: Lab, case: VariantCase) -> VariantRow:
        relevance = relevance_of(lab, VARIANTS[case["variant"]])
        found = list[PromptOutcomes]()
        for one in case["on"]:
            positive = lab.prompt(text_of(one["context"], one["word"]))
            for desired in DIRECTIONS:
                r = adjusting(relevance, *concepts_of(relevance, one["word"], desired))
                model = lab.steered(positive, one["word"], r, "other HRVs")
                shown = shown_in(lab, model, positive, one)
                seen = Outcomes(
                    method=case["variant"], desired=desired, size=size_of(r), shown=shown
                )
                found.append({"word": one["word"], "context": one["context"], **seen})
        return {**case, "found": found}

    def cost(self, case: VariantCase) -> float:
        return 30 + 0.2 * 16 * len(case["on"])
