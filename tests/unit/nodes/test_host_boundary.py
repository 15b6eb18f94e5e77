"""Only nodes/host touches what the host may change: patchers, their options, samplers' insides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HOST = ROOT / "nodes" / "host"
OUTSIDE = sorted(
    path
    for folder in ("hrv", "nodes")
    for path in (ROOT / folder).rglob("*.py")
    if HOST not in path.parents
)
INSIDE = re.compile(
    r"transformer_options|model_options|ModelPatcher|WrappersMP|add_wrapper|set_model_"
    r"|inner_model|calc_cond_batch|sampler_function|\._parameters|\._buffers|\bexecutor\b"
)


def test_the_sources_are_found():
    assert len(OUTSIDE) > 60
    found = {word for path in HOST.glob("*.py") for word in INSIDE.findall(path.read_text())}
    assert len(found) == len(INSIDE.pattern.split("|"))  # each word is used in nodes/host


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_else_touches_the_hosts_insides(path: Path):
    lines = path.read_text().splitlines()
    assert [line for line in lines if INSIDE.search(line)] == []
