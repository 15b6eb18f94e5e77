"""A training that is broken off and goes on ends as an unbroken one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hrv_pack.demo import checkpoint

CPU = torch.device("cpu")


def network() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    module = torch.nn.Linear(3, 2)
    return module, torch.optim.AdamW(module.parameters(), lr=0.1)


def train(module: torch.nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> None:
    for step in steps:
        optimizer.zero_grad()
        x = torch.full((4, 3), float(step))
        ((module(x) - 1) ** 2).sum().backward()
        checkpoint.set_rate(optimizer, checkpoint.cosine_rate(step, 10, 0.1, warmup=2))
        optimizer.step()


def test_resumed_equals_unbroken(tmp_path: Path) -> None:
    file = tmp_path / "state.safetensors"
    whole = network()
    train(*whole, range(10))
    first, optimizer = network()
    train(first, optimizer, range(4))
    checkpoint.save(file, {"now": first}, optimizer, {"step": 4})
    later, optimizer = network()
    facts = checkpoint.resume(file, {"now": later}, optimizer, CPU)
    train(later, optimizer, range(int(facts["step"]), 10))
    assert torch.equal(later.weight, whole[0].weight)


def test_nothing_to_resume_leaves_everything_as_it_is(tmp_path: Path) -> None:
    module, optimizer = network()
    before = module.weight.clone()
    assert checkpoint.resume(tmp_path / "none", {"now": module}, optimizer, CPU) == {}
    assert torch.equal(module.weight, before)


def test_a_broken_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.safetensors"
    module, optimizer = network()
    checkpoint.save(file, {"now": module}, optimizer, {"step": 1})

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(checkpoint, "save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.save(file, {"now": module}, optimizer, {"step": 2})
    assert int(checkpoint.resume(file, {"now": module}, optimizer, CPU)["step"]) == 1


def test_rate_rises_then_falls_to_zero() -> None:
    rates = [checkpoint.cosine_rate(step, 100, 1.0, warmup=10) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == max(rates[5:20])
    assert rates[100] == pytest.approx(0)
