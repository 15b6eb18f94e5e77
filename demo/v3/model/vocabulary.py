"""The words the model knows, as token ids of the host's CLIP tokenizer.

Only these tokens have an embedding of their own, all others share one; see `..vocabulary`.
"""

from __future__ import annotations

import numpy as np
import torch

from ...vocabulary import END, START, row_of_token
from ..world.captions import every_word


class Vocabulary:
    """Token ids of captions, and their rows in the small embedding table.

    Row i belongs to token ``known[i]``; the last row is shared by every other token.
    """

    def __init__(self) -> None:
        from comfy.sd1_clip import SDTokenizer

        self._tokenizer = SDTokenizer()
        self._cache: dict[str, list[int]] = {}
        ids = {token for word in every_word().split() for token in self._ids(word)}
        self.known = torch.tensor(sorted(ids | {START, END}))
        self._row = row_of_token(self.known)

    def __len__(self) -> int:
        """How many rows the small table has, the shared one included."""
        return len(self.known) + 1

    def rows(self, caption: str) -> np.ndarray:
        """Rows of the small table for a caption of 75 tokens at most: (77,) int64."""
        words = caption.replace(",", " ,").split()
        ids = [START, *(token for word in words for token in self._ids(word))]
        ids += [END] * (77 - len(ids))
        return self._row[torch.tensor(ids)].numpy()

    def _ids(self, word: str) -> list[int]:
        """A word's tokens, kept: CLIP's tokenizer takes every word by itself."""
        if word not in self._cache:
            chunk = self._tokenizer.tokenize_with_weights(word)[0]
            found = [int(token) for token, _ in chunk]
            self._cache[word] = found[1 : found.index(END)]
        return self._cache[word]
