"""What can be said of the fields before anything runs."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from comfy.sd1_clip import SD1Tokenizer

from ...hrv.text.inline import take_out
from ..prompts.tag import Prompt, read_prompt
from .request import more_readings


def complaint(text: str | None, word: str | None, more_words: str | None) -> str:
    """The sentence that a run with these fields would end with, or nothing.

    None: a field that another node fills; what depends on it is left to the run.
    """
    try:
        plain, inside = take_out(text or "")
        words = [reading.word for reading in (*more_readings(more_words or ""), *inside)]
        words += [word] if word and word.strip() else []
        if text is not None and words:
            prompt = _read(plain)
            for each in words:
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
