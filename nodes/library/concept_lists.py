"""Concept sets, prompts and runs on disk: ComfyUI's models/hrv/ and the pack's pretrained/."""

from __future__ import annotations

from pathlib import Path

from ...hrv.construct.concepts import ConceptWords
from ...hrv.construct.prompts import parse_prompts
from ...hrv.files.concept_file import SUFFIXES, read_concepts
from ...hrv.files.published_lists import PublishedList, published_list
from ...hrv.files.vote_file import votes_name
from ...hrv.text.spelling import nearest
from ...hrv.text.untrusted import read_text
from . import folders as library
from .downloading import download_progress

SHIPPED = library.PRETRAINED / "concepts"
PAPER = "the paper's 34 concepts"
OWN_TEXT = "the text below"
SHIPPED_PROMPTS = "the pack's list"
_PUBLISHED = {"concepts": ("concepts",), "prompts": ("prompts", "all prompts")}
"""What published.json calls the lists of a kind."""


def runs_folder() -> Path:
    """Where the votes of named runs are kept."""
    return library.own_folder() / "runs"


def run_path(run: str) -> Path | None:
    """The votes file of a run; None for a run without a name, which is not kept."""
    return runs_folder() / votes_name(run) if run.strip() else None


def files(kind: str, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """The user's files in models/hrv/`kind`, by name."""
    folder = library.own_folder() / kind
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.name: path for path in found if path.suffix.lower() in suffixes}


def _published(kind: str) -> list[PublishedList]:
    return [published_list(SHIPPED / "published.json", name) for name in _PUBLISHED[kind]]


def _titles(kind: str) -> list[str]:
    return [listed.title for listed in _published(kind)]


def concept_sources() -> list[str]:
    """Concept sets to begin with."""
    return [OWN_TEXT, PAPER, *files("concepts", SUFFIXES), *_titles("concepts")]


def concepts_of(source: str) -> ConceptWords | None:
    """A concept set by its listed name; None for none."""
    if source == OWN_TEXT:
        return None
    if source == PAPER:
        return read_concepts(SHIPPED / "paper34.txt")
    return read_concepts(_file("concepts", source, SUFFIXES))


def prompt_sources() -> list[str]:
    """Lists of prompts to choose from."""
    return [OWN_TEXT, SHIPPED_PROMPTS, *files("prompts", (".txt",)), *_titles("prompts")]


def prompts_of(source: str, text: str, limit: int) -> list[str]:
    """The prompts of a listed source; `text` where it is the node's own text."""
    if source == SHIPPED_PROMPTS:
        text = (SHIPPED / "prompts.txt").read_text(encoding="utf-8")
    elif source != OWN_TEXT:
        text = read_text(_file("prompts", source, (".txt",)))
    return parse_prompts(text, limit)


def _file(kind: str, name: str, suffixes: tuple[str, ...]) -> Path:
    """A listed file, fetched first where it is a download."""
    for listed in _published(kind):
        if name == listed.title:
            return listed.fetch(library.own_folder() / kind, download_progress())
    known = files(kind, suffixes)
    if name not in known:
        raise ValueError(f"There is no “{name}”.{nearest(name, list(known))} Reload the page.")
    return known[name]
