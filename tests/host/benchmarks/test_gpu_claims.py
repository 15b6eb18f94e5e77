"""The script that measures every claim of cost: it runs wherever the tests run."""

from __future__ import annotations

import json

import pytest
import torch

pytestmark = pytest.mark.usefixtures("host")


def test_all_samplings_are_measured(tmp_path, monkeypatch, capsys):
    from hrv_pack.benchmarks import gpu
    from hrv_pack.benchmarks.costs import harness

    monkeypatch.setattr(harness, "OUTPUT", tmp_path)
    monkeypatch.setattr(harness, "BENCH", tmp_path / "bench.json")
    gpu.main("--sizes", "demo", "--steps", "1", "--rounds", "2")
    groups = json.loads((tmp_path / "bench.json").read_text())
    rows = {name: row for group in groups.values() for name, row in group.items()}
    for name in ("Concept Strengthen", "A&E-HRV", "pair, P2P-HRV Edit", "HRV Measure, one pass"):
        assert rows[name]["seconds"] > 0
        assert rows[name]["bytes_with_weights"] > rows[name]["working_bytes"] > 0
    said = capsys.readouterr().out
    assert set(gpu.SIZES["sdxl"].claims) <= rows.keys() and "A&E-HRV" in said


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_so(capsys):
    from hrv_pack.benchmarks import gpu

    with pytest.raises(SystemExit):
        gpu.main("--sizes", "sd15")
    assert "no GPU" in capsys.readouterr().err
