"""One optimizer for two kinds of parameters: orthogonalised momentum for matrices (Muon, Jordan
and others 2024, with the step size of arXiv 2502.16982), Adam for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, distributed, nn

ADAM_BETAS = (0.9, 0.99)
MOMENTUM = 0.95
QUINTIC = (3.4445, -4.775, 2.0315)
"""Coefficients of the iteration that pulls all singular values towards 1."""


def orthogonal(matrix: Tensor, rounds: int = 5) -> Tensor:
    """Nearly the closest matrix with singular values of 1: (m, n) -> (m, n), bfloat16."""
    a, b, c = QUINTIC
    x = matrix.bfloat16()
    wide = x if x.shape[0] <= x.shape[1] else x.T
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(rounds):
        square = wide @ wide.T
        wide = a * wide + (b * square + c * square @ square) @ wide
    return wide if x.shape[0] <= x.shape[1] else wide.T


def share_out(sizes: list[int], processes: int) -> list[int]:
    """For each matrix the process that makes its step, so that all have about as much to do."""
    load, owner = [0] * processes, [0] * len(sizes)
    for index in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        owner[index] = load.index(min(load))
        load[owner[index]] += sizes[index]
    return owner


class MatrixAdam(torch.optim.Optimizer):
    """Groups with ``matrix`` set take Muon's step, others Adam's; both decay weights apart.

    Processes that train together share the work on the matrices; their state stays the same.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        lr: float,
        weight_decay: float,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay, "matrix": False})
        self.rank, self.processes = rank, processes

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step along the gradients."""
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if group["matrix"]:
                changes = self._matrices(parameters)
            else:
                changes = [self._adam(parameter) for parameter in parameters]
            for parameter, change in zip(parameters, changes, strict=True):
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(change.view_as(parameter), alpha=-group["lr"])

    def _matrices(self, parameters: list[Tensor]) -> list[Tensor]:
        """Muon's steps; each process works out its share, and all add them up."""
        ahead = [self._momentum(parameter) for parameter in parameters]
        sizes = [m.numel() * min(m.shape) for m in ahead]
        whole = torch.zeros(sum(m.numel() for m in ahead))
        changes = list(whole.split([m.numel() for m in ahead]))
        for owner, matrix, change in zip(
            share_out(sizes, self.processes), ahead, changes, strict=True
        ):
            if owner == self.rank:
                rms = 0.2 * max(matrix.shape) ** 0.5
                change.copy_(orthogonal(matrix).float().mul_(rms).flatten())
        if self.processes > 1:
            distributed.all_reduce(whole)
        return changes

    def _momentum(self, parameter: Tensor) -> Tensor:
        """Nesterov's momentum of a matrix or of a kernel as one: (m, n)."""
        state, grad = self.state[parameter], parameter.grad
        assert grad is not None
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].lerp_(grad, 1 - MOMENTUM)
        return grad.lerp(state["momentum"], MOMENTUM).flatten(1)

    def _adam(self, parameter: Tensor) -> Tensor:
        state, grad = self.state[parameter], parameter.grad
        assert grad is not None
        if not state:
            state["step"] = torch.zeros(())
            state["mean"] = torch.zeros_like(parameter)
            state["square"] = torch.zeros_like(parameter)
        state["step"] += 1
        first, second = ADAM_BETAS
        state["mean"].lerp_(grad, 1 - first)
        state["square"].lerp_(grad * grad, 1 - second)
        count = float(state["step"])
        mean = state["mean"] / (1 - first**count)
        return mean / ((state["square"] / (1 - second**count)).sqrt() + 1e-8)


def groups_of(networks: nn.Module, muon: bool) -> list[dict[str, Any]]:
    """Parameters in two groups: inner matrices and kernels; embeddings, ends, vectors."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in networks.named_parameters():
        if not parameter.requires_grad:
            continue
        end = "embedding" in name or name.startswith(("unet.input_blocks.0.", "unet.out."))
        inner = muon and parameter.dim() > 1 and not end
        (matrices if inner else others).append(parameter)
    return [{"params": matrices, "matrix": True}, {"params": others, "matrix": False}]
