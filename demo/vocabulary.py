"""The words the demo model knows, as token ids of the host's CLIP tokenizer.

Only these tokens have an embedding of their own; all others share one. The file keeps the
known rows, and the full table of 49,408 rows is built when it is loaded.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .backdrop import WEATHERS
from .captions import STYLE_WORDS, WEATHER_WORDS, object_words, phrase
from .styles import STYLES
from .world import COLOURS, OBJECTS, PATTERNS, SIZES

LENGTH = 77
TOKENS = 49408
START, END = 49406, 49407


def _every_word() -> str:
    weathers = [words for pair in WEATHER_WORDS.values() for words in pair]
    things = [phrase(object_words(kind)) for kind in OBJECTS]
    looks = [*COLOURS, *PATTERNS, *SIZES, *WEATHERS, *weathers, *STYLES, *STYLE_WORDS.values()]
    return " ".join([*things, "and", *looks])


class Vocabulary:
    """Token ids of captions, and their rows in the small embedding table.

    Row i belongs to token ``known[i]``; the last row is shared by every other token.
    """

    def __init__(self) -> None:
        from comfy.sd1_clip import SDTokenizer

        self._tokenizer = SDTokenizer()
        self._cache: dict[str, np.ndarray] = {}
        ids = {token for token, _ in self._tokenizer.tokenize_with_weights(_every_word())[0]}
        self.known = torch.tensor(sorted(ids | {START, END}))

    def __len__(self) -> int:
        """How many rows the small table has, the shared one included."""
        return len(self.known) + 1

    def rows(self, caption: str) -> np.ndarray:
        """Rows of the small table for a caption: (77,) int64."""
        if caption not in self._cache:
            chunk = self._tokenizer.tokenize_with_weights(caption)[0]
            ids = torch.tensor([int(token) for token, _ in chunk])
            self._cache[caption] = row_of_token(self.known)[ids].numpy()
        return self._cache[caption]


def row_of_token(known: Tensor) -> Tensor:
    """For each of the 49,408 tokens its row in the small table: (49408,) int64."""
    rows = torch.full((TOKENS,), len(known))
    rows[known] = torch.arange(len(known))
    return rows
