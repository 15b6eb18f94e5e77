"""Byte-pair text of CLIP's tokenizer: how it cuts words, and how its pieces read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

_CONTRACTION = re.compile(r"'(?:s|t|re|ve|m|ll|d)", re.IGNORECASE)


def split_words(text: str) -> list[str]:
    """Cut text as CLIP does before byte-pair encoding, in lower case.

    Runs of letters, single digits, runs of other characters, and endings such as 's.
    """
    return [word for word, _ in placed_words(unicodedata.normalize("NFC", text).lower())]


def placed_words(text: str) -> list[tuple[str, slice]]:
    """The words of a text in composed characters (NFC), in lower case, and where they stand."""
    words, i = [], 0
    while i < len(text):
        ending = _CONTRACTION.match(text, i)
        stop = ending.end() if ending else _run_end(text, i)
        if not text[i].isspace():
            words.append((text[i:stop].lower(), slice(i, stop)))
        i = stop
    return words


def clean_words(text: str) -> list[str]:
    """`split_words` without punctuation at both ends, unless there is nothing else."""
    words = split_words(text)
    spoken = [i for i, word in enumerate(words) if any(c.isalnum() for c in word)]
    return words[spoken[0] : spoken[-1] + 1] if spoken else words


def decode_pieces(pieces: Iterable[str]) -> str:
    """Readable text of byte-pair pieces, each of whose characters stands for one byte."""
    return b"".join(map(encoded_bytes, pieces)).decode("utf-8", errors="replace")


def encoded_bytes(piece: str) -> bytes:
    """The bytes that a piece's characters stand for; a character of no byte as itself."""
    table = _byte_of_character()
    return b"".join(bytes([table[c]]) if c in table else c.encode() for c in piece)


def encode_pieces(text: str) -> str:
    """Text as byte-pair pieces spell it: a character for each of its bytes."""
    characters = {byte: character for character, byte in _byte_of_character().items()}
    return "".join(characters[byte] for byte in text.encode())


def _kind(character: str) -> str:
    category = unicodedata.category(character)[0]
    return " " if character.isspace() else category if category in "LN" else "other"


def _run_end(text: str, i: int) -> int:
    kind = _kind(text[i])
    if kind in "N ":
        return i + 1
    stop = i + 1
    while stop < len(text) and _kind(text[stop]) == kind:
        stop += 1
    return stop


@cache
def _byte_of_character() -> dict[str, int]:
    """Byte-level byte-pair alphabet: printable Latin-1 stands for itself, the rest from U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    table.update({chr(0x100 + i): byte for i, byte in enumerate(hidden)})
    return table
