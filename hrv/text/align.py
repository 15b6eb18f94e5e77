"""Which attention maps of a source prompt each token of a target prompt takes over.

Prompt-to-Prompt (arXiv 2208.01626) calls this the mapper. T_s, T_t: tokens of the two prompts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, starmap
from typing import Literal

import torch
from torch import Tensor

from .tokens import TokenTable, Word

Mode = Literal["replace", "refine", "reweight"]
Mapper = Literal["corrected", "original"]
Words = Sequence[Word]
CHUNK = 77


@dataclass(frozen=True, eq=False)
class Alignment:
    """A mapper and the words that differ.

    mapper: (T_s, T_t) float32; column j holds the shares of source maps that make up the map of
    target token j. new: target positions that keep their own map. changed: the positions of the
    differing words in the source and in the target.
    """

    mapper: Tensor
    new: tuple[int, ...]
    changed: tuple[tuple[int, ...], tuple[int, ...]]


def align(source: TokenTable, target: TokenTable, mode: Mode, mapper: Mapper) -> Alignment:
    """The alignment of two prompts; ValueError where the mode does not fit them.

    mapper: for replace, where words have unequal numbers of tokens; refine has one way.
    """
    if mapper == "original" and {source.length, target.length} != {CHUNK}:
        raise ValueError(
            f"The original mapper supports prompts of up to {CHUNK - 2} tokens; one of these is "
            "longer. Choose the corrected mapper."
        )
    if mode == "replace":
        return _replace(source, target, mapper)
    return _refine(source, target)


def _replace(source: TokenTable, target: TokenTable, kind: Mapper) -> Alignment:
    """Words paired by their order; those that differ take over their partner's maps."""
    pairs = _word_pairs(source, target)
    differing = [(s, t) for s, t in pairs if _texts(s) != _texts(t)]
    mapper = torch.zeros(source.length, target.length)
    if kind == "original":
        _fill_original(mapper, [(_positions(s), _positions(t)) for s, t in differing])
    else:
        for s, t in chain.from_iterable(starmap(_parts, pairs)):
            _share(mapper, s[1], t[1])
        _map_special(mapper, source, target)
    parts = [(s, t) for s, t in chain.from_iterable(starmap(_parts, differing)) if s[0] != t[0]]
    return Alignment(
        mapper, (), (_positions([s for s, _ in parts]), _positions([t for _, t in parts]))
    )


def _word_pairs(source: TokenTable, target: TokenTable) -> list[tuple[Words, Words]]:
    """Words split at blanks, as Prompt-to-Prompt splits them, paired by their order.

    Byte-pair words are paired where only their numbers agree: "cat, dog" and "cat and dog".
    ValueError where neither do.
    """
    spaced = source.spaced_words, target.spaced_words
    single = [tuple((word,) for word in table.words) for table in (source, target)]
    for left, right in (spaced, single):
        if len(left) == len(right):
            return list(zip(left, right, strict=True))
    raise ValueError(
        f"Replace swaps word for word, but the source prompt has {len(spaced[0])} words "
        f"and the target prompt {len(spaced[1])}. Choose refine, which may add or remove words."
    )


def _parts(source: Words, target: Words) -> list[tuple[Word, Word]]:
    """The byte-pair words of a pair one to one where they are as many; else the pair as a whole."""
    if len(source) == len(target):
        return list(zip(source, target, strict=True))
    whole = [("".join(_texts(words)), _positions(words)) for words in (source, target)]
    return [(whole[0], whole[1])]


def _texts(words: Iterable[Word]) -> tuple[str, ...]:
    return tuple(text for text, _ in words)


def _positions(words: Iterable[Word]) -> tuple[int, ...]:
    return tuple(chain.from_iterable(positions for _, positions in words))


def _share(mapper: Tensor, source: Sequence[int], target: Sequence[int]) -> None:
    """Token to token where the counts agree; else each target token gets an equal share."""
    if len(source) == len(target):
        mapper[list(source), list(target)] = 1
    else:
        mapper[torch.tensor(source)[:, None], torch.tensor(target)] = 1 / len(target)


def _fill_original(
    mapper: Tensor, differing: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> None:
    """The published mapper: after the last differing word it copies by target position.

    With unequal token counts the tail is therefore shifted, and a longer source leaves the last
    target columns empty.
    """
    i = j = 0
    for source, target in differing:
        for k in range(source[0] - i):
            mapper[i + k, j + k] = 1
        _share(mapper, source, target)
        i, j = source[-1] + 1, target[-1] + 1
    for k in range(j, j + CHUNK - max(i, j)):
        mapper[k, k] = 1


def _refine(source: TokenTable, target: TokenTable) -> Alignment:
    """Tokens common to both prompts take over the source's maps; the others keep their own.

    As published: start to start, end to end, and padding takes the map at its own position, so
    that a target token has its own map or that of one source token.
    """
    left = [(t.piece, t.ends_word) for t in source.tokens]
    right = [(t.piece, t.ends_word) for t in target.tokens]
    pairs = common(left, right)
    mapper = torch.zeros(source.length, target.length)
    for i, j in pairs:
        mapper[source.semantic[i], target.semantic[j]] = 1
    shared = min(source.length, target.length)
    for chunk in range(shared // CHUNK):
        first, end_t = CHUNK * chunk, _end(target, chunk)
        mapper[first, first] = mapper[_end(source, chunk), end_t] = 1
        for p in range(end_t + 1, first + CHUNK):
            mapper[p, p] = 1
    kept_s, kept_t = {i for i, _ in pairs}, {j for _, j in pairs}
    gone = tuple(p for i, p in enumerate(source.semantic) if i not in kept_s)
    new = tuple(p for j, p in enumerate(target.semantic) if j not in kept_t)
    beyond = tuple(p for p in range(shared, target.length) if p not in target.semantic)
    return Alignment(mapper, (*new, *beyond), (gone, new))


def common(left: Sequence[object], right: Sequence[object]) -> list[tuple[int, int]]:
    """Index pairs of the longest common subsequence (Needleman-Wunsch with gap 0, match 1).

    Among equally long ones the trace back prefers to skip on the right, then on the left.
    """
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, x in enumerate(left):
        for j, y in enumerate(right):
            best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], best[i][j] + (x == y))
    pairs, i, j = [], len(left), len(right)
    while i and j:
        if best[i][j] == best[i][j - 1]:
            j -= 1
        elif best[i][j] == best[i - 1][j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def _map_special(mapper: Tensor, source: TokenTable, target: TokenTable) -> None:
    """Start, end and padding tokens, chunk by chunk, without losing any attention.

    Padding goes to the padding at the same position; where the target's text stands there, and
    for chunks that only the source has, to the target's end token.
    """
    last = target.length // CHUNK - 1
    for chunk in range(source.length // CHUNK):
        first, end = CHUNK * chunk, _end(source, chunk)
        target_end = _end(target, min(chunk, last))
        outside = chunk > last
        mapper[first, target_end if outside else first] = 1
        mapper[end, target_end] = 1
        for p in range(end + 1, first + CHUNK):
            mapper[p, target_end if outside else max(p, target_end)] = 1


def _end(table: TokenTable, chunk: int) -> int:
    """Where a chunk's text ends: the position after its last semantic token."""
    first = CHUNK * chunk
    inside = [p for p in table.semantic if first <= p < first + CHUNK]
    return min(max(inside, default=first) + 1, first + CHUNK - 1)
