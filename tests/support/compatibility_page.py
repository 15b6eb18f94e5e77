"""docs/compatibility.md, from what a run of tests/host/company found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compatibility.md"
VERSIONS = "\n## On other versions of ComfyUI\n"
"""Where the part begins that `make test-hosts` writes."""
_NAMES = {"sd1": "SD1.x", "sd15": "SD1.5", "sdxl": "SDXL"}


@dataclass(frozen=True)
class Found:
    """How HRV nodes do beside a company; steering, capture: what refuses it, or nothing."""

    name: str
    structure: str
    steering: str
    capture: str


def write_page(found: Sequence[Found], where: str) -> None:
    """Writes the page where HRV_WRITE_COMPATIBILITY asks for it."""
    if os.environ.get("HRV_WRITE_COMPATIBILITY"):
        _, mark, rest = PAGE.read_text("utf-8").partition(VERSIONS)
        PAGE.write_text(page(found, where) + mark + rest, "utf-8")


def page(found: Sequence[Found], where: str) -> str:
    """The page: counts, a table of companies, and every sentence."""
    verdicts = [verdict for one in found for verdict in (one.steering, one.capture)]
    right = sum(not verdict for verdict in verdicts)
    sentences = sorted({_plain(verdict) for verdict in verdicts if verdict})
    rows = [
        f"| {one.name} | {_NAMES[one.structure]} | {_cell(one.steering, sentences)} "
        f"| {_cell(one.capture, sentences)} |"
        for one in found
    ]
    return "\n".join(
        [
            _HEAD.format(
                where=where, total=len(verdicts), right=right, not_right=len(verdicts) - right
            ),
            "| beside | structure | steering | HRV Capture |",
            "|---|---|---|---|",
            *rows,
            "",
            "The sentences:",
            "",
            *(f"{number}. {sentence}" for number, sentence in enumerate(sentences, 1)),
            "",
            _TAIL,
        ]
    )


def _plain(sentence: str) -> str:
    return sentence.replace("test works", "Concept Strengthen works")


def _cell(verdict: str, sentences: Sequence[str]) -> str:
    return f"refused ({sentences.index(_plain(verdict)) + 1})" if verdict else "right"


_HEAD = """# Beside other nodes

<!-- Written by tests/host/company/test_companies.py with HRV_WRITE_COMPATIBILITY=1. -->

Each row is a graph with HRV nodes and another node on the same model or prompt, sampled on the CPU
with tiny models of the real classes ({where}), one step each, three with what acts in some steps.
*Steering* is right where factors of one leave every bit of the image, other factors change it, and
the order of the nodes does not matter; *HRV Capture* where the image keeps every bit and the word
has maps in the layers. What is neither right nor refused with a sentence fails the test.

Of {total} checks {right} are right, {not_right} are refused with a sentence, and none is silent.
"""
_TAIL = """Regions and contexts of twice the length are also compared with maps written out in
float64: steering, capture and, where rows are repeated, P2P (`test_regions.py`, `test_negpip.py`
and `test_concat.py` in tests/host/company). Packs of others are run from their authors' sources,
which are no part of this project (`HRV_PACKS=folder` names them); what the couples give is compared
with such regions, too.

To know:

- A region whose prompt has the very text of the steered one is steered too, since its rows are the
  same. Two prompts with one text that are steered apart are refused.
- P2P-HRV Edit needs rows that are repeated; where layers project their own prompts it is refused.
- A&E-HRV reads the whole image's maps; where rows are repeated by region it is refused.
- A U-Net with TorchCompileModel is sampled without torch.compile as long as HRV nodes act on it
  (`test_compiled.py`); one that another node compiled in parts is refused.
- ModelMergeSimple keeps the patches of model1: connect HRV nodes to model1, or to what it gives.
- Not run on real checkpoints or GPUs; transformers are in [families.md](families.md).
"""
