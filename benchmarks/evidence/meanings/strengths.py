"""How hard to steer: Concept Adjust by votes and by the measured word, r - 1 times a strength."""

from __future__ import annotations

from itertools import product

from ....hrv.rescale import blend
from ..experiment import DemoStudy, Size
from ..lab import Lab
from .methods import MEASURING_SEED, Outcomes, shown_in, word_prompts
from .sources import Wanted, rescale_of, size_of
from .words import BARE, DIRECTIONS, WORDS, WordPrompt, text_of

SWEPT = ("adjust by votes", "measured word")
STRENGTHS: dict[Size, tuple[float, ...]] = {"quick": (0.5,), "full": (0.1, 0.25, 0.5, 1.5)}
"""Times the r - 1 that the experiment takes otherwise."""


class StrengthsCase(WordPrompt):
    """A bare word, and the strengths tried with it."""

    part: str
    measuring: int
    strengths: list[float]


class StrengthOutcomes(Outcomes):
    """What a method shows at one strength."""

    strength: float


class StrengthsRow(StrengthsCase):
    """Both methods at all strengths."""

    found: list[StrengthOutcomes]


class Strengths(DemoStudy[StrengthsCase, StrengthsRow]):
    """Whether a source fails or serves only because of how hard it pushes."""

    tag, kinds = "part", ("strengths",)

    def cases(self, size: Size) -> list[StrengthsCase]:
        return [
            {
                "part": self.kinds[0],
                **prompt,
                "measuring": MEASURING_SEED + WORDS.index(prompt["word"]),
                "strengths": list(STRENGTHS[size]),
            }
            for prompt in word_prompts(size)
            if prompt["context"] == BARE
        ]

    def run(self, lab: Lab, case: StrengthsCase) -> StrengthsRow:
        positive = lab.prompt(text_of(case["context"], case["word"]))
        found = list[StrengthOutcomes]()
        for method, desired, strength in product(SWEPT, DIRECTIONS, case["strengths"]):
            wanted = Wanted(case["word"], desired, case["measuring"])
            r = blend(rescale_of(lab, method, wanted), strength)
            model = lab.steered(positive, case["word"], r, method)
            found.append(
                {
                    "method": method,
                    "desired": desired,
                    "strength": strength,
                    "size": round(size_of(r), 3),
                    "shown": shown_in(lab, model, positive, case),
                }
            )
        return {**case, "found": found}

    def cost(self, case: StrengthsCase) -> float:
        return 0.2 * len(case["seeds"]) * 4 * len(case["strengths"])
