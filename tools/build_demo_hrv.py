"""Rebuild pretrained/demo.hrv.safetensors (`make demo-hrv`): the demo model's heads vote.

::

    python tools/host.py run -m tools.pack tools.build_demo_hrv
"""

from __future__ import annotations

import dataclasses
import platform
import re
from pathlib import Path

import torch
from tqdm import tqdm

from ..demo.concepts import CONCEPTS, prompts
from ..demo.model import load_demo_model
from ..hrv.construct.concepts import ConceptWords
from ..hrv.files.hrv_file import save_relevance
from ..hrv.relevance import HeadRelevance
from ..nodes.construct.run import construct
from ..nodes.construct.settings import Batching, ConstructSettings, Sampling
from ..nodes.library.folders import PRETRAINED

PROMPTS, SEED = 400, 2412
WORDS = ConceptWords(tuple(CONCEPTS), tuple(CONCEPTS.values()))
SETTINGS = ConstructSettings(
    sampling=Sampling(seed=SEED, steps=20, cfg=4.0, width=64, height=64),
    batching=Batching(size=20, exact=False),
)
FILE = PRETRAINED / "demo.hrv.safetensors"


def machine() -> str:
    """What rounding depends on; the same text means identical votes."""
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    found = Path("/proc/cpuinfo")
    vendor = re.search(r"vendor_id\s*: (\S+)", found.read_text()) if found.is_file() else None
    kind = torch.backends.cpu.get_cpu_capability()
    return f"{vendor[1] if vendor else platform.machine()}, {kind}, torch {torch.__version__}"


def build() -> HeadRelevance:
    """The HRV by the votes of the demo world's concepts and prompts, on a CPU in one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode(), tqdm(total=PROMPTS, desc="prompts") as bar:
            model, clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")
            listed = prompts(PROMPTS, SEED)
            found = construct(
                model, clip, WORDS, listed, SETTINGS, lambda done, _total: bar.update(done - bar.n)
            )
    finally:
        torch.set_num_threads(threads)
    return dataclasses.replace(found, provenance={**found.provenance, "machine": machine()})


def main() -> None:
    """Construct and save."""
    save_relevance(FILE, build())
