"""Two-meaning words, of made-up rows, and heads measured on a model whose heads are known."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hrv_pack.benchmarks.evidence.meanings import head_effects
from hrv_pack.benchmarks.evidence.meanings.head_effects import log_odds
from hrv_pack.benchmarks.evidence.meanings.head_effects_summary import agreement, decisive
from hrv_pack.benchmarks.evidence.meanings.methods import PLAIN
from hrv_pack.benchmarks.evidence.meanings.sources import (
    IMAGES,
    PASSES,
    REFINED_ON,
    resized,
    size_of,
)
from hrv_pack.benchmarks.evidence.meanings.summary import MEASURED, VOTED, summarise
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
    def latents(lab: Lab, word: str, rescale: torch.Tensor, seeds: list[int]) -> Any:
        assert word == WORD
        return lab.at(float(PUSH @ (rescale - 1)), seeds)

    monkeypatch.setattr(head_effects, "_latents", latents)
    return Lab()


def test_effects_have_the_size_and_sign_of_what_a_head_does(lab: Lab) -> None:
    judged, clear = head_effects.effects(lab, WORD, [1, 2])  # type: ignore[arg-type]
    # The clear prompts are 2 apart, so a push of 0.3 is 0.15 of the way.
    np.testing.assert_allclose(clear, PUSH / 2, atol=1e-7)
    assert judged[0] == pytest.approx(np.log(101) / 2) == -judged[1]
    assert judged[2] == 0


NAMES = {"f": "first", "s": "second", "n": "neither", "b": "both"}
TURNED = {"f": "s", "s": "f"}


def word_rows(plain: str, voted: str, measured: str, words: int = 6) -> list[dict[str, Any]]:
    """Two prompts of each word; outcomes as one letter per image, where first is wanted."""
    rows = []
    for word, number in product(range(words), range(2)):
        found = [{"method": PLAIN, "desired": 0, "size": 0.0, "shown": [NAMES[c] for c in plain]}]
        for method, shown in ((VOTED, voted), (MEASURED, measured)):
            for desired in (0, 1):
                letters = [TURNED.get(c, c) if desired else c for c in shown]
                seen = [NAMES[c] for c in letters]
                found.append({"method": method, "desired": desired, "size": 2.0, "shown": seen})
        context = {"colour": str(number)}
        rows.append(
            {"word": f"word{word}", "context": context, "seeds": list(plain), "found": found}
        )
    return rows


def told(plain: str, voted: str, measured: str = "ffff") -> Any:
    return summarise(word_rows(plain, voted, measured), [], [], [])  # type: ignore[arg-type]


class TestMisreading:
    def test_misread_is_all_but_the_wanted_meaning_alone(self) -> None:
        # Appendix D: of first, second, both and neither only first alone is read rightly.
        rates = told("fsbn", "fsbn").data["rates"][VOTED]
        assert [rates[name][0] for name in ("misread", "right", "wrong")] == [0.75, 0.25, 0.25]

    @pytest.mark.parametrize(
        ("voted", "said"),
        [
            ("ffff", "as in the paper (-50.0 points"),  # nothing left of the half
            ("fffn", "weaker than in the paper (-25.0 points"),  # half of it, the paper a quarter
            ("ffss", "not seen (+0.0 points"),
            ("fnnn", "against the paper (+25.0 points"),  # losing both meanings is no success
            ("fbbb", "against the paper (+25.0 points"),
        ],
    )
    def test_the_verdict_follows_its_rule(self, voted: str, said: str) -> None:
        first, second = told("ffss", voted).sentence.split("; ")
        assert said in first
        assert second.startswith("Concept Adjust by the measured word: as in the paper")

    def test_words_are_drawn_and_not_their_images(self) -> None:
        # Every word alike: whatever words are drawn, the difference is the same.
        assert "[-50.0, -50.0]" in told("ffss", "ffff").sentence
        # One word of two against the rest: two words tell next to nothing.
        rows = word_rows("ffss", "ffff", "ffff", 1) + word_rows("ffss", "ssss", "ffff", 2)[2:]
        summary = summarise(rows, [], [], [])  # type: ignore[arg-type]
        assert "not seen (+0.0 points" in summary.sentence

    def test_only_prompts_that_both_have_are_compared(self) -> None:
        rows = word_rows("ffss", "ffff", "ffff")
        for row in rows[1::2]:  # the second prompt of each word, not steered yet, all right
            row["found"] = [{**row["found"][0], "shown": ["neither"] * 4}]
        summary = summarise(rows, [], [], [])  # type: ignore[arg-type]
        assert "-50.0 points" in summary.sentence


REFINED = "refined word"


class TestPairs:
    @pytest.mark.parametrize(
        ("refined", "said"),
        [
            ("ffff", "less misread, -50.0 points [-50.0, -50.0]"),
            ("ffss", "no clear difference, +0.0 points"),
            ("ssss", "more misread, +50.0 points"),
        ],
    )
    def test_refined_against_one_step_on_the_same_prompts(self, refined: str, said: str) -> None:
        rows = word_rows("ffss", "ffss", "ffss")
        extra = word_rows("ffss", refined, "ffss")
        for row, more in zip(rows, extra, strict=True):
            row["found"] += [
                {**f, "method": REFINED} for f in more["found"] if f["method"] == VOTED
            ]
        (pair,) = (t for t in summarise(rows, [], [], []).findings if "same prompts" in t)  # type: ignore[arg-type]
        assert f"refined word minus measured word: {said}" in pair

    def test_what_both_were_measured_on_is_told_where_both_are(self) -> None:
        rows = word_rows("ffss", "ffss", "ffss")
        told = [text for text in summarise(rows, [], [], []).findings if "one pass over" in text]  # type: ignore[arg-type]
        assert told == []
        for row in rows:
            row["found"].append({**row["found"][-1], "method": REFINED})
        (said,) = (t for t in summarise(rows, [], [], []).findings if "one pass over" in t)  # type: ignore[arg-type]
        assert f"one pass over {IMAGES} images" in said
        assert f"{PASSES} passes over {REFINED_ON} for each direction" in said


class TestStrengths:
    def test_curves_begin_at_plain_and_pass_the_usual_strength(self) -> None:
        rows = word_rows("ffss", "fsss", "ffff", 2)
        swept = [
            {
                "word": row["word"],
                "context": row["context"],
                "found": [
                    {"method": VOTED, "desired": 0, "size": 1.0, "strength": 0.5, "shown": ["both"]}
                ],
            }
            for row in rows[::2]
        ]
        data = summarise(rows, swept, [], []).data  # type: ignore[arg-type]
        assert data["strengths"][VOTED] == [
            [0.0, 0.5, 0.5, 0.5],
            [0.5, 1.0, 0.0, 0.0],
            [1.0, 0.75, 0.25, 0.75],
        ]


def test_equal_size_changes_how_hard_a_vector_pushes_and_not_where() -> None:
    r = torch.tensor([2.0, 0.5, 1.0])
    drawn = resized(r, 0.3)
    assert size_of(drawn) == pytest.approx(0.3)
    torch.testing.assert_close(drawn - 1, (r - 1) / 5)


def effect_row(votes: float) -> dict[str, Any]:
    """Three heads of thirty decide, the votes know them so well (-1 to 1)."""
    rng = np.random.default_rng(1)
    effects = np.array([-2.0, 1.5, 1.2] + [0.01] * 27)
    known = votes * effects + (1 - abs(votes)) * rng.normal(size=30)
    return {
        "word": "mouse",
        "heads": [f"h{i}" for i in range(30)],
        "effects": effects.tolist(),
        "votes": known.tolist(),
        "clear": (0.1 * effects).tolist(),
        "gradient": (-0.2 * effects).tolist(),
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
        rows = word_rows("ffss", "ffss", "ffff")
        summary = summarise(rows, [], [], [effect_row(votes)])  # type: ignore[arg-type, list-item]
        few = summary.findings[-1]
        assert "done by so many: mouse 2. The" in few
        assert said in few.replace("concepts' HRVs", "HRVs")
        assert "the other's knows these heads in 1 of 1 words (mouse +1.00)" in few
        assert "has them the wrong way round in 1 (mouse -1.00)" in few
        (row,) = summary.tables[-1]["rows"]
        assert row[:3] == ["mouse", "2", "h0 (-2.00), h1 (+1.50)"]
        assert row[4:] == ["+1.00 (0.000)", "-1.00 (0.000)"]

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
