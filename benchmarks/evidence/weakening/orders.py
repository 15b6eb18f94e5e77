"""Heads weakened in the order of their relevance, in reverse and at random, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypedDict

from torch import Tensor

from ....hrv.head_choice import head_order
from ....hrv.rescale import WEAKENING_FACTOR as FACTOR
from ....hrv.rescale import ranking, weakening
from ..experiment import SEEDS, DemoStudy, Size, TakesVectors
from ..lab import Lab, measured_digest
from .batches import TOKENS, Rows, Tokens, sample_batch
from .prompts import WEAKENED, Asked, Named, Seen, batch, named, seen

FIRST_SEED = SEEDS["weakening"] + 20_000
Source = Literal["random", "voted", "measured", "factors", "specific"]
Order = Literal["MoRHF", "LeRHF", "random", "reversed"]
"""The most or the least relevant heads first; a random order from first to last or last to first.
"""
SOURCES: tuple[Source, ...] = ("random", "voted", "measured", "factors", "specific")
"""What the orders of a case come from; "random" has the plain images too. specific: measured
vectors without what all concepts share, the most relevant heads first alone."""
MEASURED: tuple[Source, ...] = ("measured", "specific")
"""Those that need measured vectors."""
BATCHES: dict[Size, int] = {"quick": 2, "full": 12}
SHARES: dict[Size, tuple[float, ...]] = {"quick": (0.1,), "full": (0.1, 0.3)}
"""Shares of the heads that are weakened, besides none and all."""
TENTH = 0.1
"""The share at which factors are compared."""
FACTORS = (-4.0, -1.0, 0.0, 0.5, 2.0)
DRAWS = 2
"""Random orders of a case, each first to last and last to first; every case has its own."""


class OrdersCase(TakesVectors):
    """A batch of prompts, where the orders come from, and the shares of heads."""

    part: str
    source: Source
    number: int
    asked: list[Asked]
    shares: Sequence[float]


class SettingRow(TypedDict):
    """One way to weaken, and what every image of the batch shows then."""

    concept: str
    order: str
    count: int
    factor: float
    seed: int
    tokens: str
    seen: list[Seen]


class OrdersRow(TypedDict):
    """All settings of a case; heads: of the whole model."""

    part: str
    source: Source
    number: int
    heads: int
    prompts: list[Named]
    settings: list[SettingRow]


@dataclass(frozen=True)
class Setting:
    """Weaken ``count`` heads by ``factor``. concept: whose heads are in order, "" for random or all
    heads; tokens: whether the words' maps, those of EOT and padding, or both."""

    concept: str
    order: Order
    count: int
    factor: float = FACTOR
    seed: int = 0
    tokens: Tokens = "words"


class Orders(DemoStudy[OrdersCase, OrdersRow]):
    """Every concept's order, in both directions, on prompts of all concepts."""

    tag, kinds = "part", ("orders",)

    def cases(self, size: Size) -> list[OrdersCase]:
        cases, measured = list[OrdersCase](), measured_digest()
        for number, source in product(range(BATCHES[size]), SOURCES):
            case: OrdersCase = {
                "part": self.kinds[0],
                "source": source,
                "number": number,
                "asked": batch(number, FIRST_SEED),
                "shares": SHARES[size],
            }
            if source in MEASURED:
                case["vectors"] = measured
            if source not in MEASURED or measured:
                cases.append(case)
        return cases

    def run(self, lab: Lab, case: OrdersCase) -> OrdersRow:
        heads, found = len(lab.relevance.heads), list[SettingRow]()
        for setting in settings(case["source"], case["number"], case["shares"], heads):
            rows = Rows(weakened_by(lab, case["source"], setting), setting.tokens)
            verdicts = sample_batch(lab, case["asked"], rows)
            found.append(_row(setting, [seen(verdict) for verdict in verdicts]))
        return {
            "part": case["part"],
            "source": case["source"],
            "number": case["number"],
            "heads": heads,
            "prompts": [named(one) for one in case["asked"]],
            "settings": found,
        }

    def cost(self, case: OrdersCase) -> float:
        tried = len(list(settings(case["source"], 0, case["shares"], 10)))
        return 0.2 * len(case["asked"]) * tried


def settings(source: Source, number: int, shares: Sequence[float], heads: int) -> Iterator[Setting]:
    """All settings of a case."""
    counts = [round(share * heads) for share in shares]
    if source == "random":
        yield Setting("", "random", 0)
        yield Setting("", "random", heads)
        yield from (Setting("", "random", heads, 0.0, 0, tokens) for tokens in TOKENS)
        for count in counts:
            for seed in range(DRAWS * number, DRAWS * (number + 1)):
                yield Setting("", "random", count, seed=seed)
                yield Setting("", "reversed", count, seed=seed)
    elif source == "factors":
        for factor in FACTORS:
            for concept in WEAKENED:
                yield Setting(concept, "MoRHF", round(TENTH * heads), factor)
    else:
        for count in counts:
            for concept in WEAKENED:
                yield Setting(concept, "MoRHF", count)
                if source != "specific":
                    yield Setting(concept, "LeRHF", count)


def _row(setting: Setting, shown: list[Seen]) -> SettingRow:
    return {
        "concept": setting.concept,
        "order": setting.order,
        "count": setting.count,
        "factor": setting.factor,
        "seed": setting.seed,
        "tokens": setting.tokens,
        "seen": shown,
    }


def weakened_by(lab: Lab, source: Source, setting: Setting) -> Tensor:
    """The rescale vector (H,) of a setting."""
    vectors = lab.measured if source in MEASURED else lab.relevance
    concept = setting.concept or vectors.concepts[0]
    row, order = ranking(vectors, concept, own=source == "specific"), setting.order
    if order == "reversed":
        numbers = head_order(row, "random", setting.seed).flip(0)
    else:
        numbers = head_order(row, order, setting.seed)
    return weakening(numbers, setting.count, setting.factor)
