"""What can be said of the fields before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from comfy.sd1_clip import SD1Tokenizer

from ...hrv.text.inline import check_once, take_out
from ..prompts.tag import Prompt, read_prompt
from .request import more_readings, own_reading


@dataclass(frozen=True)
class Typed:
    """The node's texts before a run; None for one that another node fills."""

    text: str | None = None
    word: str | None = None
    read_as: str | None = None
    not_as: str | None = None
    more_words: str | None = None


def complaint(typed: Typed) -> str:
    """The sentence that a run with these texts would end with, or nothing.

    What depends on a text that another node fills is left to the run.
    """
    try:
        plain, readings = take_out(typed.text or "")
        readings += more_readings(typed.more_words or "")
        if typed.word is not None and typed.read_as is not None and typed.not_as is not None:
            readings += own_reading(typed.word, typed.read_as, typed.not_as)
        check_once(readings)
        words = dict.fromkeys([*(reading.word for reading in readings), typed.word or ""])
        if typed.text is not None and any(map(str.strip, words)):
            prompt = _read(plain)
            for each in filter(str.strip, words):
                prompt.find(each)
    except ValueError as error:
        return str(error)
    return ""


def _read(text: str) -> Prompt:
    clip = SimpleNamespace(tokenizer=_tokenizer())
    return read_prompt(clip, clip.tokenizer.tokenize_with_weights(text), text, "")


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    """CLIP's, whose words all models with steerable heads share."""
    return SD1Tokenizer()
