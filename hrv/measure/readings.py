"""The prompts of a word's two readings: the same text with a clear phrase in the word's place."""

from __future__ import annotations

from dataclasses import dataclass

from ..text.bpe import split_words
from ..text.replacing import replace_phrase
from ..text.tokens import parse_words


@dataclass(frozen=True)
class Readings:
    """What a word is to be read as and what not; `instead` empty: anything else.

    ValueError for phrases that say the same, for no phrase, and for more or fewer than one word.
    """

    word: str
    wanted: str
    instead: str = ""

    def __post_init__(self) -> None:
        listed = parse_words(self.word)
        if len(listed) != 1:
            raise ValueError(
                f"Name one word of the prompt, such as mouse or mouse#2; found {self.word!r}. "
                "Several words are measured one after the other."
            )
        if not _words(self.wanted):
            raise ValueError("Say what the word is to be read as, such as: computer mouse")
        if _words(self.wanted) == _words(self.instead):
            raise ValueError(
                f"“{self.wanted.strip()}” and “{self.instead.strip()}” say the same. Give two "
                "phrases that the model draws differently."
            )

    @property
    def rows(self) -> tuple[str, ...]:
        """The names of the vectors that one measurement gives."""
        return tuple(phrase.strip() for phrase in (self.wanted, self.instead) if phrase.strip())

    def texts(self, prompt: str) -> tuple[str, ...]:
        """The prompt with each of `rows` in the word's place."""
        return tuple(put_in_place(prompt, self.word, phrase) for phrase in self.rows)


def put_in_place(prompt: str, word: str, phrase: str) -> str:
    """`prompt` with `phrase` for the word or words `word`; "mouse#2" for the second one alone.

    ValueError if the text has it not, or less often (`replace_phrase`).
    """
    (wanted,) = parse_words(word)
    return replace_phrase(prompt, wanted, phrase.strip())


def _words(phrase: str) -> list[str]:
    """What of a phrase is spoken: its words without punctuation, upper and lower case alike."""
    return [word for word in split_words(phrase) if any(map(str.isalnum, word))]
