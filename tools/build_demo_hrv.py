"""Rebuild the demo model's HRVs in pretrained/ (`make demo-hrv`, `make demo-measured`).

::

    python tools/host.py run -m tools.pack tools.build_demo_hrv             its heads vote
    python tools/host.py run -m tools.pack tools.build_demo_hrv measured    what they do is measured
"""

from __future__ import annotations

import dataclasses
import platform
import re
from pathlib import Path

import torch
from tqdm import tqdm

from ..demo.concepts import CONCEPTS, FULL_CONCEPTS, TEMPLATE, prompts
from ..demo.model import load_demo_model
from ..hrv.construct.concepts import ConceptWords
from ..hrv.files.hrv_file import save_relevance
from ..hrv.relevance import HeadRelevance
from ..nodes.construct.run import construct, drawn_texts
from ..nodes.construct.settings import Batching, ConstructSettings, Measuring, Sampling
from ..nodes.library.folders import PRETRAINED

PROMPTS, SEED = 400, 2412
WORDS = ConceptWords(tuple(CONCEPTS), tuple(CONCEPTS.values()))
SETTINGS = ConstructSettings(
    sampling=Sampling(seed=SEED, steps=20, cfg=4.0, width=64, height=64),
    batching=Batching(size=20, exact=False),
)
FILE = PRETRAINED / "demo.hrv.safetensors"

MEASURED_PROMPTS = 128
FULL_WORDS = ConceptWords(tuple(FULL_CONCEPTS), tuple(FULL_CONCEPTS.values()))
MEASURED = ConstructSettings(
    sampling=Sampling(seed=SEED, steps=10, cfg=4.0, width=64, height=64),
    recipe="measured",
    measuring=Measuring(templates=TEMPLATE, images=1, swaps=3),
)
MEASURED_FILE = PRETRAINED / "demo-measured.hrv.safetensors"


def machine() -> str:
    """What rounding depends on; the same text means identical votes."""
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    found = Path("/proc/cpuinfo")
    vendor = re.search(r"vendor_id\s*: (\S+)", found.read_text()) if found.is_file() else None
    kind = torch.backends.cpu.get_cpu_capability()
    return f"{vendor[1] if vendor else platform.machine()}, {kind}, torch {torch.__version__}"


def build(settings: ConstructSettings = SETTINGS) -> HeadRelevance:
    """The HRV of the demo world's concepts with its prompts, on a CPU in one thread."""
    if settings.recipe == "measured":
        words, listed = FULL_WORDS, drawn_texts(FULL_WORDS, settings, MEASURED_PROMPTS)
    else:
        words, listed = WORDS, prompts(PROMPTS, SEED)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode(), tqdm(total=len(listed), desc="prompts") as bar:
            model, clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")
            found = construct(
                model, clip, words, listed, settings, lambda done, _total: bar.update(done - bar.n)
            )
    finally:
        torch.set_num_threads(threads)
    return dataclasses.replace(found, provenance={**found.provenance, "machine": machine()})


def main(what: str = "voted") -> None:
    """Construct and save."""
    if what == "measured":
        save_relevance(MEASURED_FILE, build(MEASURED))
    else:
        save_relevance(FILE, build())
