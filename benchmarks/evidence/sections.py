"""The page as sections that stand by themselves: its index is read from them.

So an experiment that was run again replaces its own section, and the others stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..framework.output import markdown_table

_PAPER = re.compile(r"^Paper: (.*)\.$", re.MULTILINE)
_HERE = re.compile(r"^Here: (.*?)(?: \(95% interval (.*?)\))?\.$", re.MULTILINE)
_SENTENCE = re.compile(r"^\*\*(.*)\*\*$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One experiment's part of the page, from its heading on; ValueError where a line lacks that
    the index needs: Paper, Here and the sentence in bold."""

    text: str

    def __post_init__(self) -> None:
        for name, pattern in (("Paper:", _PAPER), ("Here:", _HERE), ("**bold**", _SENTENCE)):
            if not pattern.search(self.text):
                raise ValueError(f"The section {self.title!r} has no line {name}")

    @property
    def title(self) -> str:
        return self.text.split("\n", 1)[0].removeprefix("## ").strip()

    @property
    def link(self) -> str:
        """A link to it on the same page."""
        kept = (c for c in self.title.lower().replace(" ", "-") if c.isalnum() or c in "-_")
        return f"[{self.title}](#{''.join(kept)})"

    @property
    def cells(self) -> list[str]:
        """Its line of the table: experiment, paper, ours, interval."""
        ours, interval = self._found(_HERE)
        return [self.link, *self._found(_PAPER), ours, interval]

    @property
    def sentence(self) -> str:
        (told,) = self._found(_SENTENCE)
        return told

    def _found(self, pattern: re.Pattern[str]) -> list[str]:
        match = pattern.search(self.text)
        return [group or "" for group in match.groups()] if match else []


def page_of(introduction: Sequence[str], sections: Sequence[Section]) -> str:
    """The whole page."""
    table = markdown_table(
        ["experiment", "paper", "ours", "95% interval"], [one.cells for one in sections]
    )
    told = "\n".join(f"- {one.link}: {one.sentence}" for one in sections)
    texts = [one.text.strip() for one in sections]
    return "\n\n".join([*introduction, table, "In one sentence each:", told, *texts]) + "\n"


def sections_of(page: str) -> list[Section]:
    """The sections of a page, in order."""
    return [Section(f"## {text.strip()}") for text in re.split(r"^## ", page, flags=re.M)[1:]]


def replaced(
    old: Sequence[Section], new: Sequence[Section], titles: Sequence[str]
) -> list[Section]:
    """Every section once, the new one where there are both, in the order of the titles."""
    found = {one.title: one for one in (*old, *new)}
    return [found[title] for title in titles if title in found]
