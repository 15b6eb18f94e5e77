"""Bring translations up to date: tables first, then what ComfyUI reads (`make locales`).

::

    python3 tools/host.py run -m tools.pack tools.locales.build

`locales/<language>.po` get what is new and lose what is gone; `locales/<language>/*.json` are made
of them, the English ones of the nodes themselves. What is not translated is listed, and the exit
status is 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..host import ROOT
from .table import read_table, write_table
from .texts import Info, Say, choices_in_words, node_definitions, texts_of_scripts

FOLDER = ROOT / "locales"
LANGUAGES = ("zh", "ja", "ko", "de", "fr", "es", "ru")
"""Those that are translated; all are among the page's own."""
ENGLISH = "en"
INSTALLED = ("hrv-steering", "ComfyUI-HRV")
"""The pack's folder from the registry and from git: the heading of its templates."""
TITLE = "HRV"
OURS = "hrv_page"
"""What the page's script reads of main.json."""


@dataclass(frozen=True)
class Source:
    """All that may be translated: the nodes, the concepts' names, what the page's script says."""

    nodes: Mapping[str, Info]
    choices: Mapping[str, str]
    concepts: tuple[str, ...]
    script: Mapping[str, str]

    def places(self) -> dict[str, list[str]]:
        """Every English text with the places where it is shown, in the page's order."""
        found: dict[str, list[str]] = {}

        def note(text: str, where: str) -> str:
            found.setdefault(text, []).append(where)
            return text

        self.files(note)
        return found

    def files(self, say: Say) -> dict[str, dict[str, Any]]:
        """What ComfyUI reads, file by file, in the language of `say`."""
        nodes = node_definitions(self.nodes, say)
        concepts = dict.fromkeys(self.concepts, "the concept's name; keep it in brackets")
        main = {
            "templateWorkflows": {"category": dict.fromkeys(INSTALLED, TITLE)},
            OURS: {
                "choices": _translated(say, self.choices),
                "concepts": _translated(say, concepts),
                "page": _translated(say, self.script),
            },
        }
        return {"main.json": main, "nodeDefs.json": nodes}


def _translated(say: Say, texts: Mapping[str, str]) -> dict[str, str]:
    said = {text: say(text, where) for text, where in texts.items()}
    return {text: translation for text, translation in said.items() if translation}


def source_of(nodes: Mapping[str, Info]) -> Source:
    """What there is to translate of the pack's nodes; the host must be importable."""
    samplers = import_module("comfy.samplers").KSampler
    paper: Iterable[str] = import_module("hrv_pack.nodes.library.folders").PAPER_CONCEPTS
    choices = choices_in_words(nodes, [*samplers.SAMPLERS, *samplers.SCHEDULERS])
    return Source(nodes, choices, tuple(paper), texts_of_scripts(ROOT / "web"))


def table_of(language: str) -> Path:
    """Where a language's table is."""
    return FOLDER / f"{language}.po"


def files_of(source: Source, language: str) -> dict[str, dict[str, Any]]:
    """What ComfyUI reads of a language, by its table as it is."""
    if language == ENGLISH:
        return {"main.json": _title_alone(source), "nodeDefs.json": _english_nodes(source)}
    known = read_table(table_of(language))
    return source.files(lambda text, _where: known.get(text))


def _english_nodes(source: Source) -> dict[str, Any]:
    return source.files(lambda text, _where: text)["nodeDefs.json"]


def _title_alone(source: Source) -> dict[str, Any]:
    main = source.files(lambda _text, _where: None)["main.json"]
    return {key: value for key, value in main.items() if key != OURS}


def as_text(content: Mapping[str, Any]) -> str:
    """A file's text."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def renew(source: Source) -> dict[str, list[str]]:
    """Write all tables and files; returns {language: texts that are not translated}."""
    places, missing = source.places(), dict[str, list[str]]()
    for language in LANGUAGES:
        known = read_table(table_of(language))
        write_table(table_of(language), language, places, known)
        missing[language] = [text for text in places if not known.get(text)]
    for language in (ENGLISH, *LANGUAGES):
        (FOLDER / language).mkdir(parents=True, exist_ok=True)
        for name, content in files_of(source, language).items():
            (FOLDER / language / name).write_text(as_text(content), "utf-8")
    return missing


def main() -> None:
    """Renew everything for the nodes as they are."""
    nodes = import_module("hrv_pack.nodes.extension").NODES
    infos = {node.GET_SCHEMA().node_id: node.GET_NODE_INFO_V1() for node in nodes}
    missing = renew(source_of(infos))
    for language, texts in missing.items():
        print(f"{language}: {len(texts)} to translate")
    for text in dict.fromkeys(text for texts in missing.values() for text in texts):
        print(f"  {text}")
    if any(missing.values()):
        raise SystemExit(1)
