"""Words among the tokens of sentence-piece and byte-level encoders: T5, Gemma, Qwen.

Their pieces do not keep to words as CLIP's do: a piece may hold two words, and a character may be
split over two pieces. So the text is put together again, cut into words as a CLIP prompt is, and
each word has every token that holds a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, takewhile
from typing import Any

from ..bpe import encoded_bytes, placed_words
from ..tokens import EMBEDDING, Token, TokenTable, Word
from .weights import Weighted

BLANK = "▁"
"""What stands for a blank in sentence pieces; byte-level pieces have characters for bytes."""
_UNKNOWN = "<unk>"
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
Piece = tuple[int, bytes | None]
"""A token: its position, and its text, of an embedding None."""


@dataclass(frozen=True)
class PlacedTable(TokenTable):
    """A table whose words are known, each with its positions; tokens may be in two words.

    from_end: the encoder may drop rows in front, so that the positions count from the end; remade:
    the model makes other rows than the conditioning's, so that the latter's number says nothing;
    weights: those that were written in the prompt, where its encoder does not read them.
    """

    placed: tuple[Word, ...] = ()
    from_end: bool = False
    remade: bool = False
    weights: tuple[Weighted, ...] = ()

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """(text, positions) of each word."""
        return self.placed

    def of_length(self, length: int) -> PlacedTable:
        """The table of a conditioning that has so many rows; ValueError where it is too short."""
        if length == self.length or self.remade:
            return self
        moved = length - self.length if self.from_end else 0
        if any(not 0 <= token.position + moved < length for token in self.tokens):
            raise ValueError(
                f"The text has {len(self.tokens)} tokens but the conditioning has only {length} "
                "rows. Give HRV Tag Prompt exactly the text that was encoded."
            )

        if not self.from_end:
            return self

        def shift(positions: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(position + moved for position in positions)

        return replace(
            self,
            length=length,
            tokens=tuple(replace(t, position=t.position + moved) for t in self.tokens),
            placed=tuple((text, shift(where)) for text, where in self.placed),
            weights=tuple(Weighted(shift(where), weight) for where, weight in self.weights),
        )


def placed_table(length: int, pieces: Sequence[Piece], from_end: bool = False) -> PlacedTable:
    """The table of a prompt's own tokens among `length`, in order."""
    words: list[Word] = []
    for vectors, run in groupby(pieces, key=lambda piece: piece[1] is None):
        if vectors:
            words += [(EMBEDDING, (position,)) for position, _ in run]
        else:
            words += _words(list(_characters(run)))
    tokens = tuple(Token(position, _shown(raw), True) for position, raw in pieces)
    return PlacedTable(length, tokens, tuple(words), from_end)


def piece_bytes(piece: str, sentences: bool) -> bytes:
    """The text of a vocabulary's piece: of sentence pieces, or else of byte-level ones."""
    if not sentences:
        return encoded_bytes(piece)
    if piece == _UNKNOWN:
        return "\ufffd".encode()
    byte = _BYTE.fullmatch(piece)
    return bytes([int(byte[1], 16)]) if byte else piece.replace(BLANK, " ").encode()


def reads_sentences(vocabulary: Iterable[str]) -> bool:
    """Whether a vocabulary's pieces are sentence pieces; else they are byte-level."""
    return any(piece.startswith(BLANK) for piece in vocabulary)


def own_tokens(ids: Sequence[Any], empty: Sequence[Any], padding: int | None) -> range:
    """Where the prompt's own tokens stand among `ids`, which its template surrounds.

    empty: the ids of the empty prompt, the template alone. Both may end in padding.
    """
    text, template = _used(ids, padding), _used(empty, padding)
    before = _alike(text, template)
    behind = _alike(text[before:][::-1], template[before:][::-1])
    return range(before, len(text) - behind)


def _alike(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many ids both begin with."""
    same = (isinstance(a, int) and a == b for a, b in zip(one, other, strict=False))
    return sum(1 for _ in takewhile(bool, same))


def _used(ids: Sequence[Any], padding: int | None) -> Sequence[Any]:
    used = len(ids)
    while used and isinstance(ids[used - 1], int) and ids[used - 1] == padding:
        used -= 1
    return ids[:used]


def _characters(pieces: Iterable[Piece]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Each character with the positions of the tokens that hold it."""
    pending, where = b"", list[int]()
    for position, raw in pieces:
        for byte in raw or b"":
            pending += bytes([byte])
            where.append(position)
            found = _decoded(pending)
            if found:
                yield found, tuple(dict.fromkeys(where))
                pending, where = b"", []


def _decoded(raw: bytes) -> str:
    """The character that the bytes make; empty while more must come."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "" if len(raw) < 4 else "\ufffd"


def _words(characters: Sequence[tuple[str, tuple[int, ...]]]) -> list[Word]:
    text = "".join(character for character, _ in characters)
    return [
        (word, tuple(dict.fromkeys(p for _, where in characters[span] for p in where)))
        for word, span in placed_words(text)
    ]


def _shown(raw: bytes | None) -> str:
    return EMBEDDING if raw is None else raw.decode(errors="replace")
