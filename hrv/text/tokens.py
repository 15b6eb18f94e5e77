"""Words of a prompt and the positions of their tokens in the conditioning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from torch import Tensor

from .bpe import clean_words, decode_pieces
from .spelling import nearest
from .untrusted import short

T = TypeVar("T")
WORD_END = "</w>"
EMBEDDING = "<embedding>"
Word = tuple[str, tuple[int, ...]]
"""A byte-pair word: its text and the positions of its tokens."""
_OCCURRENCE = re.compile(r"(.+?)\s*#\s*(\d+)")


class Phrase(NamedTuple):
    """A word or phrase of the artist; occurrence is 1 for the first, None for all."""

    text: str
    occurrence: int | None = None


@dataclass(frozen=True)
class Token:
    """A semantic token: neither start, end nor padding.

    position: its row in the conditioning, 77 * chunk + place in the chunk.
    piece: byte-pair text without the word-end mark; ends_word: the mark was there. glued: it
    begins a byte-pair word and no blank separates that from the word before, as - and dot in
    polka-dot.
    """

    position: int
    piece: str
    ends_word: bool
    glued: bool = False


@dataclass(frozen=True)
class TokenTable:
    """The semantic tokens of a prompt; length counts all tokens, 77 for each chunk."""

    length: int
    tokens: tuple[Token, ...]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """(text, positions) of each byte-pair word, joined over the edges of chunks."""
        words, run = list[Word](), list[Token]()
        for token in self.tokens:
            run.append(token)
            if token.ends_word:
                words.append(_word(run))
                run = []
        if run:
            words.append(_word(run))
        return tuple(words)

    @cached_property
    def spaced_words(self) -> tuple[tuple[Word, ...], ...]:
        """The byte-pair words of each word that stands between blanks."""
        begins_glued = {token.position for token in self.tokens if token.glued}
        groups: list[list[Word]] = []
        for word in self.words:
            if groups and word[1][0] in begins_glued:
                groups[-1].append(word)
            else:
                groups.append([word])
        return tuple(map(tuple, groups))

    @property
    def semantic(self) -> tuple[int, ...]:
        """The positions of all semantic tokens."""
        return tuple(token.position for token in self.tokens)

    def spans(self, text: str) -> tuple[tuple[int, ...], ...]:
        """The positions of each occurrence of a whole word or phrase, upper and lower case alike.

        ValueError lists the prompt's words and the nearest spelling if there is none.
        """
        runs = phrase_runs([word for word, _ in self.words], text)
        return tuple(tuple(p for _, run in self.words[r] for p in run) for r in runs)

    def find(self, text: str, occurrence: int | None = None) -> tuple[int, ...]:
        """Positions of a word or phrase: of every occurrence, or of the n-th, counted from 1.

        ValueError if the word is not in the prompt, or not that often.
        """
        spans = occurrences(self.spans(text), text, occurrence)
        return tuple(position for span in spans for position in span)


def phrase_runs(words: Sequence[str], text: str) -> list[slice]:
    """Where a phrase stands among a prompt's byte-pair words, upper and lower case alike.

    Occurrences do not overlap. ValueError lists the words and the nearest spelling if there is
    none.
    """
    have = [word.lower() for word in words]
    plain = text.strip().lower()
    wanted = [plain] if plain in have else clean_words(text)
    if not wanted:
        raise ValueError("The word to look for is empty. Type a word of the prompt.")
    runs, i = [], 0
    while i <= len(have) - len(wanted):
        found = have[i : i + len(wanted)] == wanted
        if found:
            runs.append(slice(i, i + len(wanted)))
        i += len(wanted) if found else 1
    if not runs:
        raise _missing(text.strip(), words)
    return runs


def occurrences(found: Sequence[T], text: str, occurrence: int | None) -> Sequence[T]:
    """All that was found of `text`, or its n-th occurrence alone; ValueError if there is none."""
    if occurrence is None:
        return found
    if not 1 <= occurrence <= len(found):
        raise ValueError(
            f"{short(text.strip())!r} appears {_times(len(found))} in the prompt, so there is no "
            f"'{short(text.strip())}#{occurrence}'. Use {_choices(len(found))}, or no # for all."
        )
    return found[occurrence - 1 : occurrence]


def _missing(text: str, words: Sequence[str]) -> ValueError:
    if not words:
        return ValueError(
            f"The prompt is empty, so it has no {short(text)!r}. Write a prompt first."
        )
    listed = ", ".join(dict.fromkeys(words))
    return ValueError(
        f"{short(text)!r} is not in the prompt.{nearest(text, words)} "
        f"Words in the prompt: {short(listed, 1000)}."
    )


def token_table(
    chunks: Sequence[Sequence[tuple[Any, ...]]],
    pieces: Callable[[int], str],
    start: int,
    end: int,
    pad: int,
    width: int | None = None,
) -> TokenTable:
    """The table of one encoder's tokenizer result.

    chunks: the host's lists of (token id or embedding vector, weight, ...); pieces: id ->
    byte-pair text, "</w>" at word ends. The first end token closes a chunk; what follows it is
    padding. An embedding vector is a word of its own; one whose size is not `width` is left out,
    as the encoder leaves it out, and the tokens after it move up.
    """
    tokens: list[Token] = []
    offset = 0
    for chunk in chunks:
        ids: list[int | Tensor] = [entry[0] for entry in chunk if _fits(entry[0], width)]
        for place, token in enumerate(_before_padding(ids, end, pad)):
            if not isinstance(token, int):
                tokens.append(Token(offset + place, EMBEDDING, True))
            elif token != start:
                piece = pieces(token)
                ends = piece.endswith(WORD_END)
                tokens.append(Token(offset + place, piece.removesuffix(WORD_END), ends))
        offset += len(chunk)
    return TokenTable(offset, tuple(tokens))


def parse_words(text: str) -> tuple[Phrase, ...]:
    """Read 'vase, red car, mouse#2': phrases by comma or line, #2 for the second occurrence."""
    phrases = (_phrase(part.strip()) for part in re.split(r"[,\n]", text))
    return tuple(phrase for phrase in phrases if phrase.text)


def _phrase(part: str) -> Phrase:
    match = _OCCURRENCE.fullmatch(part)
    if match is None:
        return Phrase(part)
    if int(match[2]) == 0:
        raise ValueError(f"Occurrences count from 1; found {part!r}. Use {match[1]}#1.")
    return Phrase(match[1], int(match[2]))


def _word(run: Iterable[Token]) -> Word:
    listed = list(run)
    text = decode_pieces(token.piece for token in listed)
    return text, tuple(token.position for token in listed)


def _before_padding(ids: list[int | Tensor], end: int, pad: int) -> list[int | Tensor]:
    """The ids before the first end token, or before trailing padding where there is no end.

    Padding is known by its place alone: SDXL's second encoder pads with 0, which is also "!".
    """
    for place, token in enumerate(ids):
        if isinstance(token, int) and token == end:
            return ids[:place]
    used = len(ids)
    while used and isinstance(ids[used - 1], int) and ids[used - 1] == pad:
        used -= 1
    return ids[:used]


def _fits(token: int | Tensor, width: int | None) -> bool:
    return width is None or isinstance(token, int) or int(token.shape[-1]) == width


def _choices(count: int) -> str:
    return "#1" if count == 1 else f"#1 to #{count}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
