"""HRV Construct without the page, on the demo model: one process, shards, and Ray."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from hrv_pack.hrv.construct.merging import merge_votes
from hrv_pack.hrv.files.hrv_file import load_relevance
from hrv_pack.hrv.files.vote_file import load_votes
from hrv_pack.tools.construct import main
from hrv_pack.tools.host import ROOT

needs_demo = pytest.mark.skipif(
    not (ROOT / "pretrained" / "demo_model.safetensors").is_file(), reason="needs the demo model"
)
pytestmark = [pytest.mark.usefixtures("host"), needs_demo]
DEMO = ["--demo", "--size", "64x64", "--steps", "2", "--cfg", "4"]
MEASURED = ("--recipe", "measured", "--swaps", "1")


def construct(out: Path, *options: str, how_many: int = 4) -> int:
    return main([*DEMO, "--how-many", str(how_many), "--out", str(out), *options])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "demo.hrv.safetensors"
    assert construct(out) == 0
    return load_relevance(out)


def test_four_shards_give_the_votes_of_one_process(whole, tmp_path):
    out = tmp_path / "demo.hrv.safetensors"
    for number in range(1, 5):
        assert construct(out, "--shard", f"{number}/4") == 0
    assert not out.exists()
    shards = sorted(map(str, tmp_path.glob("demo.*-of-4.votes")))
    assert len(shards) == 4
    assert main(["--merge", *shards, "--out", str(out)]) == 0
    merged = load_relevance(out)
    assert torch.equal(merged.votes, whole.votes) and torch.equal(merged.vectors, whole.vectors)


def test_recipe_measured_runs_in_shards_and_merges_to_measured_vectors(tmp_path):
    measured = (*MEASURED, "--steps", "1")
    out = tmp_path / "demo.hrv.safetensors"
    for number in (1, 2):
        assert construct(out, *measured, "--shard", f"{number}/2", how_many=8) == 0
    shards = sorted(map(str, tmp_path.glob("demo.*-of-2.votes")))
    assert main(["--merge", *shards, "--out", str(out)]) == 0
    merged = load_relevance(out)
    assert merged.kind == "measured" and merged.provenance["prompts"].startswith("8 of 8")
    assert len(merged.concepts) == 9 and bool((merged.vectors != 0).any(dim=1).all())


def test_a_second_call_has_nothing_left_to_do(tmp_path, capsys):
    out = tmp_path / "demo.hrv.safetensors"
    assert construct(out, how_many=2) == 0
    first = out.read_bytes()
    assert construct(out, how_many=2) == 0
    assert out.read_bytes() == first
    assert "2 images" in capsys.readouterr().out


def test_a_process_killed_midway_resumes_to_the_votes_of_an_unbroken_one(host, whole, tmp_path):
    out, kept = tmp_path / "demo.hrv.safetensors", tmp_path / "demo.votes"
    options = [*DEMO, "--cpu", "--how-many", "4", "--batch", "1", "--out", str(out)]
    command = [sys.executable, "-m", "tools.construct", *options]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "COMFYUI_PATH": str(host)})
    while not kept.exists() and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert 0 < load_votes(kept).done < 4
    assert not out.exists()
    assert construct(out, "--batch", "1") == 0
    resumed = load_relevance(out)
    assert torch.equal(resumed.votes, whole.votes)
    assert torch.equal(resumed.vectors, whole.vectors)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "x.npy", "--demo"], "should end in .hrv.safetensors"),
        (["--out", "x.hrv.safetensors"], "Name a --checkpoint"),
        (["--out", "x.hrv.safetensors", "--checkpoint", "gone.safetensors"], "no checkpoint"),
        (["--out", "x.hrv.safetensors", *DEMO, "--shard", "5"], "like 3/16"),
        (["--out", "x.hrv.safetensors", *DEMO, "--shard", "5/4"], "1/4 to 4/4"),
        (["--out", "x.hrv.safetensors", *DEMO, "--size", "64"], "like 512x512"),
        (["--out", "x.hrv.safetensors", *DEMO, "--prompts", "gone.txt"], "cannot be read"),
        (["--out", "x.hrv.safetensors", "--merge", "gone.votes"], "no file of votes"),
        (["--out", "x.hrv.safetensors", *DEMO, "--sampler", "eular"], "Did you mean 'euler'"),
        (["--out", "x.hrv.safetensors", *DEMO, "--scheduler", "zzz"], "no scheduler 'zzz'"),
        (["--out", "x.hrv.safetensors", *DEMO, "--steps", "0"], "steps"),
        (["--out", "x.hrv.safetensors", *DEMO, "--parts", "0"], "timestep bins"),
        (["--out", "x.hrv.safetensors", *DEMO, "--batch", "0"], "images per save"),
        (
            ["--out", "x.hrv.safetensors", *DEMO, "--recipe", "measured", "--how-many", "1"],
            "no word of",
        ),
    ],
)
def test_wrong_options_say_what_is_wrong(options, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(options) == 1
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    assert construct(tmp_path / "file" / "x.hrv.safetensors", how_many=1) == 1
    assert "cannot be saved in" in capsys.readouterr().err


def _descendants_called(name: str) -> list[int]:
    """Processes below this one whose command line starts with `name`."""
    parents, found = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(stat[1])
            if (folder / "cmdline").read_text().startswith(name):
                found.append(int(folder.name))
        except OSError:
            continue

    def below(process: int) -> bool:
        while process in parents:
            process = parents[process]
            if process == os.getpid():
                return True
        return False

    return [process for process in found if below(process)]


@pytest.mark.slow
def test_one_process_four_shards_and_ray_with_a_killed_worker_give_the_same_votes(tmp_path):
    ray = pytest.importorskip("ray", reason="needs Ray: make ray")
    single, spread = tmp_path / "single.hrv.safetensors", tmp_path / "ray.hrv.safetensors"
    assert construct(single, how_many=8) == 0
    for number in range(1, 5):
        assert construct(tmp_path / "s.hrv.safetensors", "--shard", f"{number}/4", how_many=8) == 0
    shards = merge_votes([load_votes(path) for path in tmp_path.glob("s.*-of-4.votes")])
    killed: list[int] = []  # images counted when it happened

    def kill_one() -> None:
        while not (tmp_path / "ray.votes").exists():
            time.sleep(0.05)
        while not killed:
            for process in _descendants_called("ray::work")[:1]:
                os.kill(process, signal.SIGKILL)
                killed.append(load_votes(tmp_path / "ray.votes").done)
            time.sleep(0.02)

    threading.Thread(target=kill_one, daemon=True).start()
    try:
        assert construct(spread, "--ray", "--workers", "2", how_many=8) == 0
    finally:
        ray.shutdown()
    assert killed and 0 < killed[0] < 8
    expected = load_relevance(single).votes
    assert torch.equal(shards.total, expected)
    assert torch.equal(load_relevance(spread).votes, expected)
    assert load_votes(tmp_path / "ray.votes").counted.all()
