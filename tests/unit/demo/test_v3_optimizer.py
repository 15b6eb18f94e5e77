"""The optimizer of v3: steps of known size, work shared evenly, and no state that a save loses."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hrv_pack.demo import checkpoint
from hrv_pack.demo.v3.training.optimizer import MatrixAdam, groups_of, orthogonal, share_out
from hrv_pack.demo.v3.training.unet import Settings


def network() -> tuple[torch.nn.Module, MatrixAdam]:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Conv2d(4, 3, 1))
    return module, MatrixAdam(groups_of(module, muon=True), 0.1, 0.01)


def train(module: torch.nn.Module, optimizer: MatrixAdam, steps: int) -> None:
    for step in range(steps):
        optimizer.zero_grad()
        x = module[0](torch.full((2, 6), 1.0 + step)).view(2, 4, 1, 1)
        ((module[1](x) - 1) ** 2).sum().backward()
        optimizer.step()


@pytest.mark.parametrize("shape", [(8, 40), (40, 8)])
def test_singular_values_come_near_to_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    found = torch.linalg.svdvals(orthogonal(torch.randn(shape)).float())
    assert found.min() > 0.5 and found.max() < 1.4


def test_vectors_take_adams_step() -> None:
    torch.manual_seed(2)
    ours, theirs = (torch.nn.Parameter(torch.ones(5)) for _ in range(2))
    one = MatrixAdam([{"params": [ours]}], 0.1, 0.01)
    other = torch.optim.AdamW([theirs], 0.1, betas=(0.9, 0.99), weight_decay=0.01)
    for _ in range(5):
        ours.grad = theirs.grad = torch.randn(5)
        one.step()
        other.step()
    torch.testing.assert_close(ours, theirs)


def test_work_is_shared_evenly() -> None:
    sizes = [9, 1, 5, 4, 8, 3]
    owner = share_out(sizes, 2)
    first = sum(size for size, process in zip(sizes, owner, strict=True) if process == 0)
    assert abs(first - sum(sizes) / 2) <= 1


def test_a_broken_off_training_goes_on_as_if_unbroken(tmp_path: Path) -> None:
    whole, optimizer = network()
    train(whole, optimizer, 4)
    checkpoint.save(tmp_path / "x.safetensors", {"n": whole}, optimizer, {})
    train(whole, optimizer, 3)
    again, fresh = network()
    checkpoint.resume(tmp_path / "x.safetensors", {"n": again}, fresh, torch.device("cpu"))
    train(again, fresh, 3)
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_the_rate_falls_only_when_asked_to() -> None:
    still = Settings(pictures=100_000)
    assert still.rate(3000) == still.rate(99_000) == still.learning_rate
    falling = Settings(pictures=100_000, decay_from=60_000)
    assert falling.rate(60_000) == falling.learning_rate
    assert falling.rate(80_000) == pytest.approx(falling.learning_rate / 2)
    assert falling.rate(100_000) == 0
