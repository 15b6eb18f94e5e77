"""The tag that HRV Prompt puts into a CONDITIONING: who it is, and where its words stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from ...hrv.text.blanks import mark_blanks
from ...hrv.text.pieces.placed import PlacedTable
from ...hrv.text.pieces.weights import Weighted
from ...hrv.text.search import in_any
from ...hrv.text.tokens import TokenTable, parse_words, token_table
from .encoders import context_table

TAG = "hrv_prompt"
Conditioning = list[list[Any]]


@dataclass(frozen=True)
class Prompt:
    """Identity and token tables (one per text encoder, e.g. "l" and "g" on SDXL) of a prompt.

    members: of a pair, the source and the target prompt, whose batch rows alternate. embedding:
    (1, T, C) as it was encoded, which its rows are known by where nothing else tells whose they
    are. doubled: a token has two rows in it, for its key and for its value (CLIP NegPip).
    """

    id: str
    text: str
    tables: tuple[TokenTable, ...]
    members: tuple[Prompt, ...] = ()
    embedding: Tensor | None = field(default=None, compare=False, repr=False)
    doubled: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """Its own identity and those of its members."""
        return (self.id, *(prompt.id for prompt in self.members))

    @property
    def semantic(self) -> tuple[int, ...]:
        """Positions of all semantic tokens, in order."""
        return _union(table.semantic for table in self.tables)

    @property
    def weights(self) -> tuple[Weighted, ...]:
        """The weights written in it that its text encoder did not read."""
        return tuple(w for t in self.tables if isinstance(t, PlacedTable) for w in t.weights)

    def find(self, phrases: str) -> tuple[int, ...]:
        """Positions of the words in a comma-separated list; ValueError if one is absent."""
        listed = parse_words(phrases)
        if not listed:
            raise ValueError("Name at least one word of the prompt, such as: vase, lavender")
        return _union(self._positions(text, occurrence) for text, occurrence in listed)

    def _positions(self, text: str, occurrence: int | None) -> tuple[int, ...]:
        # with different texts per encoder one may lack the word
        found = in_any(self.tables, lambda table: table.find(text, occurrence))
        return _union(positions for positions in found if positions is not None)


def _union(parts: Iterable[Iterable[int]]) -> tuple[int, ...]:
    return tuple(sorted({position for part in parts for position in part}))


def read_prompt(clip: Any, tokens: dict[str, Any], text: str, identity: str) -> Prompt:
    """The Prompt behind the host's tokenizer result `tokens` of `text`."""
    placed = context_table(clip, tokens)
    if placed is not None:
        return Prompt(identity, text, (placed,))
    tables = []
    for name, chunks in tokens.items():
        encoder = getattr(clip.tokenizer, f"clip_{name}", None)
        if encoder is None:
            raise ValueError(
                f"The HRV nodes do not support this CLIP's text encoder “{name}”. Use the CLIP of "
                "SD1.x, SD2.x, SDXL, Anima, Cosmos-Predict2, Z-Image, Lumina 2, Flux.1, Flux.2 "
                "Klein, Chroma, Qwen-Image, Krea 2 or Wan."
            )
        table = token_table(
            chunks,
            _pieces(encoder),
            encoder.start_token,
            encoder.end_token,
            encoder.pad_token,
            encoder.embedding_size,
        )
        tables.append(mark_blanks(table, text))
    unique = tuple(dict.fromkeys(tables))
    return Prompt(identity, text, unique)


def _pieces(encoder: Any) -> Callable[[int], str]:
    return lambda token: encoder.inv_vocab[token]


def tag(conditioning: Conditioning, prompt: Prompt) -> Conditioning:
    """A copy of `conditioning` whose every entry carries `prompt`, which it was encoded from."""
    return [
        [embedding, {**options, TAG: _encoded_as(prompt, embedding)}]
        for embedding, options in conditioning
    ]


def _encoded_as(prompt: Prompt, embedding: Tensor) -> Prompt:
    """The prompt with this embedding, and its words where they stand among its rows."""
    length = embedding.shape[1]
    tables = tuple(t.of_length(length) if isinstance(t, PlacedTable) else t for t in prompt.tables)
    doubled = any(2 * t.length == length for t in tables) and _in_pairs(embedding)
    return replace(prompt, tables=tables, embedding=embedding, doubled=doubled)


def _in_pairs(embedding: Tensor) -> bool:
    """Whether rows come in pairs that are equal but for a sign."""
    return bool((embedding[:, 0::2].abs() == embedding[:, 1::2].abs()).all())


def tagged_prompt(entry: dict[str, Any]) -> Prompt | None:
    """The prompt that a conditioning entry's options carry, if any."""
    return entry.get(TAG)


def prompts_of(conditioning: Conditioning) -> list[Prompt]:
    """The distinct tagged prompts of a CONDITIONING; ValueError if there is none.

    Of a pair it is the target, the one that P2P-HRV Edit edits.
    """
    tags = (p for _, options in conditioning if (p := tagged_prompt(options)))
    found = {p.id: p for p in (tag.members[-1] if tag.members else tag for tag in tags)}
    if not found:
        raise ValueError(
            "This CONDITIONING has no word information. Encode the prompt with HRV Prompt instead "
            "of CLIP Text Encode, or send it through HRV Tag Prompt first."
        )
    return list(found.values())


def locate(conditioning: Conditioning, words: str) -> list[tuple[Prompt, tuple[int, ...]]]:
    """Each tagged prompt that contains the words, with their positions.

    Empty `words` means all semantic tokens. ValueError, listing the words there are, if no
    prompt contains them.
    """
    prompts = prompts_of(conditioning)
    if not words.strip():
        return [(prompt, prompt.semantic) for prompt in prompts]
    found = in_any(prompts, lambda prompt: prompt.find(words))
    pairs = zip(prompts, found, strict=True)
    return [(prompt, positions) for prompt, positions in pairs if positions is not None]
