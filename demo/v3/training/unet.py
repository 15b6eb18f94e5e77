"""Training of the UNet and the text encoder together; it may be broken off and go on at any time,
with any number of processes, and has no end of its own."""

from __future__ import annotations

import copy
import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ... import checkpoint
from ...train_unet import join_processes
from ..model.latent import PatchLatent
from ..model.network import diffusion_model
from ..model.networks import Networks
from ..model.vocabulary import Vocabulary
from .data import batch, fit_space
from .optimizer import MatrixAdam, groups_of


@dataclass(frozen=True)
class Settings:
    """What decides the result of a training.

    pictures: where it ends; decay_from: from which picture on the learning rate falls in a
    straight line to zero at the end, -1 for never; lone_until: pictures of one thing come first.
    """

    pictures: int = 1_500_000
    decay_from: int = -1
    batch: int = 16
    learning_rate: float = 2e-3
    warmup: int = 3000
    lone_until: int = 150_000
    pairs: float = 0.55
    muon: bool = True
    weight_decay: float = 0.01
    weight_limit: float = 2.0
    weight_floor: float = 0.5
    any_step: float = 0.25
    middle_step: float = 1.0
    step_spread: float = 0.7
    ema: float = 0.999
    seed: int = 40

    def rate(self, pictures: int) -> float:
        """The learning rate: warm-up, plateau and, if asked for, the way down."""
        left = 1.0
        if self.decay_from >= 0:
            left = (self.pictures - pictures) / max(1, self.pictures - self.decay_from)
        return self.learning_rate * max(0.0, min(1.0, left, (pictures + 500) / self.warmup))


def draw_steps(count: int, total: int, settings: Settings) -> Tensor:
    """Time steps (count,) in 0..total-1: logit-normal, or, for a share of `any_step`, uniform.

    What a thing is and what it looks like is decided at sigmas of 3 to 20, in the upper middle
    of the steps; there the network learns to read (arXiv 2403.03206, section 3.1).
    """
    middle = torch.sigmoid(settings.middle_step + settings.step_spread * torch.randn(count))
    anywhere = torch.rand(count) < settings.any_step
    place = torch.where(anywhere, torch.rand(count), middle)
    return (place * total).long().clamp(max=total - 1)


def loss_weight(sigma: Tensor, settings: Settings) -> Tensor:
    """1 / sigma^2, limited at both ends (like min-SNR weighting, arXiv 2303.09556)."""
    return (sigma**-2).clamp(max=settings.weight_limit) + settings.weight_floor


class Training:
    """The state of a run. ``copies``: a second folder for every save."""

    def __init__(self, settings: Settings, folder: Path, copies: Path | None = None) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.folder, self.copies = settings, folder, copies
        self.rank, self.processes = join_processes()
        self.vocabulary = Vocabulary()
        self.networks = Networks(len(self.vocabulary))
        self.average = copy.deepcopy(self.networks).requires_grad_(False)
        groups = groups_of(self.networks, settings.muon)
        self.optimizer = MatrixAdam(groups, 1.0, settings.weight_decay, self.rank, self.processes)
        self.sigmas = diffusion_model().model_sampling.sigmas
        self.space = PatchLatent()
        self.pictures, self.seconds = 0, 0.0
        self.history: list[dict[str, Any]] = []
        self.losses: list[float] = []
        self.shared: nn.Module = self.networks

    def train_step(self, clean: Tensor, rows: Tensor) -> float:
        """One optimizer step; returns the loss."""
        steps = draw_steps(len(clean), len(self.sigmas), self.settings)
        sigma = self.sigmas[steps].view(-1, 1, 1, 1)
        noisy = (clean + sigma * torch.randn_like(clean)) / (sigma**2 + 1).sqrt()
        with torch.autocast("cpu", torch.bfloat16):
            found = self.shared(noisy, steps.float(), rows)
        loss = (loss_weight(sigma, self.settings) * (found - clean) ** 2).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        checkpoint.set_rate(self.optimizer, self.settings.rate(self.pictures))
        self.optimizer.step()
        self.pictures += len(clean) * self.processes
        self._update_average()
        return float(loss.detach())

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(self.settings.ema, self.pictures / (self.pictures + 300))
        old: list[Tensor] = list(self.average.parameters())
        new: list[Tensor] = list(self.networks.parameters())
        torch._foreach_lerp_(old, new, 1 - keep)

    def run(self, save_every: float = 300.0) -> None:
        """Train to the end of the settings, saving now and then."""
        if not self.history:
            self.space = fit_space()
        self._note()
        if self.processes > 1:
            self.shared = DistributedDataParallel(self.networks, gradient_as_bucket_view=True)
        rng = np.random.default_rng([self.settings.seed, self.pictures, self.rank])
        torch.manual_seed(self.settings.seed + self.pictures + 1_000_000_007 * self.rank)
        began, saved, base, start = time.monotonic(), time.monotonic(), self.seconds, self.pictures
        while self.pictures < self.settings.pictures:
            pairs = self.settings.pairs if self.pictures >= self.settings.lone_until else 0.0
            data = batch(rng, self.settings.batch, pairs, self.vocabulary, self.space)
            self.losses.append(self.train_step(*data))
            self.seconds = base + time.monotonic() - began
            if len(self.losses) % 50 == 0:
                self._report((self.pictures - start) / (self.seconds - base))
            if time.monotonic() - saved > save_every:
                self.save()
                saved = time.monotonic()
        self.save()

    def _note(self) -> None:
        """Write down where this run began and with what settings."""
        fresh = asdict(self.settings) | {"processes": self.processes}
        before = self.history[-1]["settings"] if self.history else {}
        if fresh != before:
            facts = {"pictures": self.pictures, "seconds": round(self.seconds)}
            self.history.append({**facts, "settings": fresh})

    def _report(self, speed: float) -> None:
        if self.rank == 0:
            loss = np.mean(self.losses[-200:])
            clock = time.strftime("%H:%M:%S")
            print(f"{clock} {self.pictures} pictures, loss {loss:.4f}, {speed:.1f}/s", flush=True)

    def save(self) -> None:
        """Write weights and optimizer; one process does it for all."""
        if self.rank > 0:
            return
        facts = {
            "known": self.vocabulary.known,
            "pictures": self.pictures,
            "seconds": self.seconds,
            "history": torch.tensor(list(json.dumps(self.history).encode()), dtype=torch.uint8),
        }
        checkpoint.save(self.file, self._modules(), self.optimizer, facts)
        if self.copies:
            self.copies.mkdir(parents=True, exist_ok=True)
            newest = self.copies / self.file.name
            if newest.exists():
                newest.replace(newest.with_suffix(".older"))
            shutil.copyfile(self.file, newest.with_suffix(".new"))
            newest.with_suffix(".new").replace(newest)

    def resume(self) -> None:
        """Continue from the last save, if there is one."""
        tensors = checkpoint.resume(self.file, self._modules(), self.optimizer, torch.device("cpu"))
        if tensors:
            self.pictures, self.seconds = int(tensors["pictures"]), float(tensors["seconds"])
            self.history = json.loads(bytes(tensors["history"].tolist()))

    @property
    def file(self) -> Path:
        """The checkpoint."""
        return self.folder / "unet.safetensors"

    def _modules(self) -> dict[str, nn.Module]:
        return {"now": self.networks, "average": self.average, "latent": self.space}
