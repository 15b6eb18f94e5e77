"""Two-meaning words, of made-up rows, and heads measured on a model whose heads are known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hrv_pack.benchmarks.evidence.meanings import head_effects
from hrv_pack.benchmarks.evidence.meanings.head_effects import HeadEffects, log_odds
from hrv_pack.benchmarks.evidence.meanings.head_effects_summary import agreement, decisive
from hrv_pack.benchmarks.evidence.meanings.summary import METHODS, summarise
from hrv_pack.demo.captions import object_words
from hrv_pack.demo.judge import NOTHING, Seen, Verdict
from hrv_pack.demo.world import MEANINGS

WORD = "mouse"
PUSH = torch.tensor([0.3, -0.1, 0.0])
"""What a unit of each head's factor adds along the axis from the first meaning to the second."""


class Lab:
    """Images are latents of two numbers: the place between the meanings, and noise."""

    model = None
    vae = SimpleNamespace(decode=lambda latents: latents)
    relevance = SimpleNamespace(heads=("a", "b", "c"))

    def latents(self, model: Any, text: str, seeds: list[int]) -> torch.Tensor:
        first, second = (f"a {object_words(kind)}" for kind in MEANINGS[WORD])
        return self.at({first: -1.0, second: 1.0}[text], seeds)

    @staticmethod
    def at(place: float, seeds: list[int]) -> torch.Tensor:
        return torch.tensor([[place, float(seed)] for seed in seeds])

    @staticmethod
    def judge(images: torch.Tensor) -> list[Verdict]:
        found = []
        for place, _ in images.tolist():
            shares = dict(zip(MEANINGS[WORD], (float(place < 0), float(place > 0)), strict=True))
            kind = MEANINGS[WORD][place > 0] if place else NOTHING
            nothing = Seen(NOTHING, "", "", "", {"object": dict.fromkeys(MEANINGS[WORD], 0.0)})
            found.append(Verdict(Seen(kind, "", "", "", {"object": shares}), nothing, "", "", {}))
        return found


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    def latents(lab: Lab, text: str, word: str, rescale: torch.Tensor, seeds: list[int]) -> Any:
        assert word == WORD
        return lab.at(float(PUSH @ (rescale - 1)), seeds)

    monkeypatch.setattr(head_effects, "_latents", latents)
    monkeypatch.setattr(head_effects, "votes", lambda lab, word: (-PUSH).tolist())
    return Lab()


def test_effects_have_the_size_and_sign_of_what_a_head_does(lab: Lab) -> None:
    found = head_effects.effects(lab, WORD, [1, 2])  # type: ignore[arg-type]
    # The clear prompts are 2 apart, so a push of 0.3 is 0.15 of the way.
    np.testing.assert_allclose(found[head_effects.CLEAR], PUSH / 2, atol=1e-7)
    judged = np.array(found[head_effects.JUDGED])
    assert judged[0] == pytest.approx(np.log(101) / 2) == -judged[1]
    assert judged[2] == 0


def test_heads_steer_to_the_wanted_meaning_and_wrong_votes_to_the_other(lab: Lab) -> None:
    context = dict.fromkeys(("colour", "pattern", "weather", "style"), "")
    case = {"word": WORD, "seeds": [1], "on": [{"word": WORD, "context": context, "seeds": [5, 6]}]}
    rows = HeadEffects().run(lab, case)  # type: ignore[arg-type]
    for one in rows["found"]:
        wanted = ("first", "second")[one["desired"]]
        voted = one["method"] == head_effects.VOTED
        assert (one["shown"] == [wanted] * 2) is not voted, one
    assert len(rows["found"]) == 3 * 2 * len(head_effects.REACHES)


def word_rows(plain: str, adjusted: str, drawn: str = "neither") -> list[dict[str, Any]]:
    """Eight prompts; outcomes as one letter per image: first, second, neither."""
    names = {"f": "first", "s": "second", "n": "neither"}
    rows = []
    for number in range(8):
        found = [
            {"method": "plain", "desired": 0, "shown": [names[c] for c in plain]},
            {"method": "word off", "desired": 0, "shown": [drawn] * 4},
        ]
        for desired, method in ((d, m) for d in (0, 1) for m in METHODS[1:]):
            shown = [names[c] for c in adjusted]
            if desired:
                shown = [{"first": "second", "second": "first"}.get(s, s) for s in shown]
            found.append({"method": method, "desired": desired, "shown": shown})
        for setting in found:
            setting.update(strength=1.0, clamp=0.0)
        context = {"colour": str(number)}
        rows.append({"part": "methods", "word": "mouse", "context": context, "found": found})
    return rows


class TestMeanings:
    def test_fewer_wrong_and_more_right(self) -> None:
        summary = summarise(word_rows("ffss", "ffff"), [], [])
        assert summary.sentence.startswith("As in the paper")
        assert "and the wanted one more often" in summary.sentence
        assert "show neither" not in summary.sentence
        assert summary.data["rates"]["plain"]["wrong"][0] == 0.5
        assert summary.data["rates"]["adjust"]["wrong"][0] == 0.0

    def test_images_lost_to_neither_are_named(self) -> None:
        summary = summarise(word_rows("ffss", "ffnn"), [], [])
        assert not summary.sentence.startswith("As in the paper")
        assert "comes more often is not seen; more images show neither" in summary.sentence

    def test_losing_both_meanings_is_no_success(self) -> None:
        summary = summarise(word_rows("ffss", "fnnn"), [], [])
        assert summary.sentence.startswith("Only half of the paper's effect")
        assert "the wanted one comes less often too; more images" in summary.sentence
        # One of four images shows a meaning, the wanted one.
        assert "adjust 0.0%" in summary.findings[0]

    def test_no_effect_is_not_seen(self) -> None:
        summary = summarise(word_rows("ffss", "ffss", "first"), [], [])
        assert "is not seen here" in summary.sentence
        assert "100.0% of the images still show" in summary.findings[1]

    def test_the_opposite_is_told(self) -> None:
        summary = summarise(word_rows("ffss", "ssss"), [], [])
        assert summary.sentence.startswith("Against the paper")


def effect_row(votes: float, shown: str) -> dict[str, Any]:
    """Three heads of thirty decide, the votes know them so well (-1 to 1); steered by them each
    way, images show `shown` when first is wanted, and the opposite when second is."""
    other = {"first": "second", "second": "first"}
    found = [
        {
            "word": "mouse",
            "context": {"colour": str(number)},
            "method": "heads by the judge",
            "desired": desired,
            "strength": 1.0,
            "clamp": 0.0,
            "shown": [other.get(shown, shown) if desired else shown] * 4,
        }
        for number in range(8)
        for desired in (0, 1)
    ]
    rng = np.random.default_rng(1)
    effects = np.array([-2.0, 1.5, 1.2] + [0.01] * 27)
    known = votes * effects + (1 - abs(votes)) * rng.normal(size=30)
    heads = {"heads": [f"h{i}" for i in range(30)], "effects": effects.tolist()}
    return {
        "part": "effects",
        "word": "mouse",
        "found": found,
        "votes": known.tolist(),
        **heads,
        "clear": (0.1 * effects).tolist(),
    }


class TestHeadEffects:
    @pytest.mark.parametrize(
        ("votes", "said"),
        [
            (0.9, "HRVs knows these heads in 1 of 1 words (mouse +"),
            (-0.9, "HRVs knows these heads in 0 of 1 words, and has them the wrong way round in 1"),
            (0.0, "HRVs knows these heads in 0 of 1 words (mouse "),
        ],
    )
    def test_what_the_votes_know_of_the_deciding_heads(self, votes: float, said: str) -> None:
        summary = summarise(word_rows("ffss", "ffss"), [], [effect_row(votes, "first")])
        few, steered = summary.findings[-2:]
        assert "done by so many: mouse 2. The" in few
        assert said in few.replace("concepts' HRVs", "HRVs")
        assert "the other's knows these heads in 1 of 1 words (mouse +1.00)" in few
        assert "heads by the judge, 1: 0.0% wrong (-50.0 points" in steered
        (row,) = summary.tables[-1]["rows"]
        assert row[:3] == ["mouse", "2", "h0 (-2.00), h1 (+1.50)"] and row[4] == "+1.00 (0.000)"

    def test_heads_without_any_effect_agree_with_nothing(self) -> None:
        row = {"effects": [0.0, 0.0], "votes": [1.0, 2.0]}
        assert agreement(row, "votes") == (0.0, 1.0)
        assert decisive(row) == [0]

    def test_log_odds_are_even_without_either_meaning_and_bounded(self) -> None:
        def seen(mouse: float, computer: float) -> Verdict:
            shares = {"mouse": mouse, "computer mouse": computer}
            thing = Seen("", "", "", "", {"object": shares})
            return Verdict(thing, thing, "", "", {})

        kinds = ("mouse", "computer mouse")
        assert log_odds(seen(0, 0), kinds) == 0
        assert log_odds(seen(0, 1), kinds) == pytest.approx(np.log(101))
        assert log_odds(seen(0.3, 0.6), kinds) == -log_odds(seen(0.6, 0.3), kinds)
