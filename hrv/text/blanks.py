"""Which byte-pair words of a prompt a blank separates; their tokens alone do not tell."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from .tokens import EMBEDDING, TokenTable

_WEIGHT = re.compile(r":\s*[+-]?\d*\.?\d+\s*\)")  # of ComfyUI's (word:1.2)


def mark_blanks(table: TokenTable, text: str) -> TokenTable:
    """The table of `text` with every byte-pair word marked that no blank separates from the last.

    Each word is looked for in the text after the one before it. An embedding stands alone, and so
    does what is not found: some encoders' tokenizers respell characters.
    """
    plain = _WEIGHT.sub(")", unicodedata.normalize("NFC", text).lower())
    glued, at, alone = set[int](), 0, True
    for word, positions in table.words:
        if word == EMBEDDING:
            at, alone = _past_embedding(plain, at), True
            continue
        found = plain.find(word.lower(), at)
        if found >= 0:
            if not alone and not any(map(str.isspace, plain[at:found])):
                glued.add(positions[0])
            at = found + len(word)
        alone = found < 0
    tokens = (replace(token, glued=token.position in glued) for token in table.tokens)
    return TokenTable(table.length, tuple(tokens))


def _past_embedding(text: str, at: int) -> int:
    """Where the next embedding:name ends; `at` for a further vector of the last one."""
    found = re.compile(r"embedding:\S*").search(text, at)
    return found.end() if found else at
