"""Effects of single heads, against a model whose heads do what is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hrv_pack.benchmarks.evidence.meanings import head_effects
from hrv_pack.benchmarks.evidence.weakening.single_heads import sureness
from hrv_pack.demo.captions import object_words
from hrv_pack.demo.judge import NOTHING, Seen, Verdict
from hrv_pack.demo.world import MEANINGS, OBJECTS, Object, Scene

WORD = "mouse"
PUSH = torch.tensor([0.3, -0.1, 0.0])
"""What a unit of each head's factor adds along the axis from the first meaning to the second."""


class Lab:
    """Pictures are latents of two numbers: the place between the meanings, and noise."""

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
    def judge(pictures: torch.Tensor) -> list[Verdict]:
        found = []
        for place, _ in pictures.tolist():
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
    rows = head_effects.run(lab, case)  # type: ignore[arg-type]
    for one in rows["found"]:
        wanted = ("first", "second")[one["desired"]]
        voted = one["method"] == head_effects.VOTED
        assert (one["shown"] == [wanted] * 2) is not voted, one
    assert len(rows["found"]) == 3 * 2 * len(head_effects.REACHES)


def test_an_objects_attributes_go_with_the_object() -> None:
    def thing(nothing: float) -> Seen:
        shares = dict.fromkeys(OBJECTS, 0.0)
        shares |= {"cat": 0.9 - nothing, "fish": 0.1, NOTHING: nothing}
        rest = {"colour": {"red": 0.8}, "pattern": {"plain": 1.0}, "size": {"large": 0.5}}
        return Seen("cat", "red", "plain", "large", {"object": shares, **rest})

    scene = Scene((Object("cat", "red", "plain", "large"),), "rain", "ink")
    whole = {"weather": {"rain": 0.7}, "style": {"ink": 0.6}}
    names = {"Color": "colour", "Size": "size", "Weather Conditions": "weather"}
    sure, unsure = (
        sureness(scene, Verdict(thing(n), thing(1.0), "", "", whole), names) for n in (0.0, 0.4)
    )
    assert sure == pytest.approx(
        {"Animals": 1.0, "Color": 0.8, "Size": 0.5, "Weather Conditions": 0.7}
    )
    assert unsure == pytest.approx(
        {"Animals": 0.6, "Color": 0.48, "Size": 0.3, "Weather Conditions": 0.7}
    )
