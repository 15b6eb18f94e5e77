"""Training of the demo model's UNet and text encoder together."""

from __future__ import annotations

import copy
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from . import checkpoint, text, world
from .captions import caption
from .files import part
from .latent import PatchLatent, fit, to_signed
from .network import diffusion_model
from .vocabulary import Vocabulary


@dataclass(frozen=True)
class Settings:
    """What decides the result of a training."""

    pictures: int = 790_000
    batch: int = 32
    dataset: int = 100_000
    learning_rate: float = 1e-3
    warmup: int = 100
    decay_share: float = 0.32
    lone_share: float = 0.745
    drop_caption: float = 0.1
    unknown_word: float = 0.05
    weight_limit: float = 2.0
    weight_floor: float = 0.5
    any_step: float = 0.25
    middle_step: float = 1.0
    step_spread: float = 0.7
    ema: float = 0.999
    seed: int = 20


class Networks(nn.Module):
    """UNet and text encoder as one thing to train."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.unet = diffusion_model().diffusion_model
        self.text = text.build(rows)
        initialise(self)
        self.requires_grad_(True)
        self.text.text_projection.requires_grad_(False)

    def forward(self, noisy: Tensor, steps: Tensor, rows: Tensor) -> Tensor:
        """Clean latents (B, 48, 8, 8) from scaled noisy ones, time steps (B,) and captions."""
        context = text.states(self.text, rows)
        options = {"optimized_attention_override": _attention}
        return self.unet(noisy, steps, context=context, transformer_options=options).float()


def _attention(host: Any, q: Tensor, k: Tensor, v: Tensor, heads: int, **_: Any) -> Tensor:
    """In place of the host's attention: (B, tokens, heads * d) each."""
    parts = (x.view(*x.shape[:2], heads, -1).transpose(1, 2) for x in (q, k, v))
    mixed = text.attention(*parts).transpose(1, 2)
    return mixed.reshape(*mixed.shape[:2], -1)


def initialise(networks: nn.Module) -> None:
    """Set every weight; the host's layers leave them as they find them in memory."""
    for name, parameter in networks.named_parameters():
        silent = ("out_layers.3", "proj_out", "unet.out.2", "out_proj", "mlp.fc2")
        if parameter.dim() < 2:
            nn.init.constant_(parameter, float("norm" in name or name.endswith("weight")))
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
        elif "embedding" in name:
            nn.init.normal_(parameter, std=0.3 if "token" in name else 0.05)
        elif any(part in name for part in silent):
            nn.init.normal_(parameter, std=0.1 * parameter[0].numel() ** -0.5)
        else:
            nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)


class Dataset:
    """Scenes, kept as latents, with new captions every time they are drawn.

    space: the latent space; None fits it to the scenes. quiet: no progress bar.
    """

    def __init__(
        self,
        settings: Settings,
        vocabulary: Vocabulary,
        space: PatchLatent | None = None,
        quiet: bool = False,
    ) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        self.scenes = list(world.scenes(settings.dataset, settings.seed))
        self.lone = np.array([i for i, s in enumerate(self.scenes) if len(s.objects) == 1])
        self.space: PatchLatent = space or self._fit()
        parts = []
        for start in tqdm(range(0, len(self.scenes), 1000), desc="rendering", disable=quiet):
            block = np.stack([world.render(s) for s in self.scenes[start : start + 1000]])
            parts.append(self.space.encode(to_signed(block)).half())
        self.latents = torch.cat(parts)

    def _fit(self) -> PatchLatent:
        return fit(to_signed(np.stack([world.render(scene) for scene in self.scenes[:4000]])))

    def batch(self, rng: np.random.Generator, lone: bool = False) -> tuple[Tensor, Tensor]:
        """Clean latents (B, 48, 8, 8) and caption rows (B, 77); lone: of one object each."""
        chosen = rng.integers(len(self.scenes), size=self.settings.batch)
        if lone:
            chosen = self.lone[chosen % len(self.lone)]
        rows = np.stack([self._rows(self.scenes[i], rng) for i in chosen])
        return self.latents[chosen].float(), torch.from_numpy(rows)

    def _rows(self, scene: world.Scene, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < self.settings.drop_caption:
            return self.vocabulary.rows("")
        rows = self.vocabulary.rows(caption(scene, rng))
        if rng.random() < self.settings.unknown_word:
            rows = np.insert(rows, rng.integers(1, 6), len(self.vocabulary) - 1)[:-1]
        return rows


def draw_steps(count: int, total: int, settings: Settings) -> Tensor:
    """Time steps (count,) in 0..total-1: logit-normal, or, for a share of `any_step`, uniform.

    What an object is and what it looks like is decided at sigmas of 3 to 20, in the upper middle
    of the steps; there the network learns to read (arXiv 2403.03206, section 3.1).
    """
    middle = torch.sigmoid(settings.middle_step + settings.step_spread * torch.randn(count))
    anywhere = torch.rand(count) < settings.any_step
    place = torch.where(anywhere, torch.rand(count), middle)
    return (place * total).long().clamp(max=total - 1)


def loss_weight(sigma: Tensor, settings: Settings) -> Tensor:
    """1 / sigma^2, limited at both ends (like min-SNR weighting, arXiv 2303.09556)."""
    return (sigma**-2).clamp(max=settings.weight_limit) + settings.weight_floor


def join_processes() -> tuple[int, int]:
    """This process's rank and how many train together: 0 and 1 unless torchrun started it.

    On a few CPU cores one process per core is much faster than one process with more threads.
    """
    if "WORLD_SIZE" not in os.environ:
        return 0, 1
    if not distributed.is_initialized():
        distributed.init_process_group("gloo")
    return distributed.get_rank(), distributed.get_world_size()


class Training:
    """The state of a run; `save` and `resume` make it survive interruptions.

    A step is one batch of one process, so that the count of pictures is the same for any number.
    """

    def __init__(self, settings: Settings, folder: Path, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.folder, self.device = settings, folder, device
        self.rank, self.processes = join_processes()
        self.vocabulary = Vocabulary()
        self.networks = Networks(len(self.vocabulary)).to(device)
        self.shared: nn.Module = self.networks
        if self.processes > 1:
            self.shared = DistributedDataParallel(self.networks, gradient_as_bucket_view=True)
        self.average = copy.deepcopy(self.networks).requires_grad_(False)
        trained = [p for p in self.networks.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=1.0, weight_decay=0.01, fused=True)
        self.sigmas = diffusion_model().model_sampling.sigmas.to(device)
        self.steps = settings.pictures // settings.batch
        self.space: PatchLatent | None = None
        self.step = 0
        self.seconds = 0.0

    def learning_rate(self) -> float:
        """Warm-up, plateau, then a straight line to zero."""
        left = (self.steps - self.step) / (self.steps * self.settings.decay_share)
        return self.settings.learning_rate * min(1.0, left, (self.step + 1) / self.settings.warmup)

    def train_step(self, clean: Tensor, rows: Tensor) -> Tensor:
        """One optimizer step; returns the loss."""
        clean, rows = clean.to(self.device), rows.to(self.device)
        steps = draw_steps(len(clean), len(self.sigmas), self.settings).to(self.device)
        sigma = self.sigmas[steps].view(-1, 1, 1, 1)
        noisy = (clean + sigma * torch.randn_like(clean)) / (sigma**2 + 1).sqrt()
        with torch.autocast(self.device.type, torch.bfloat16):
            found = self.shared(noisy, steps.float(), rows)
        loss = (loss_weight(sigma, self.settings) * (found - clean) ** 2).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        checkpoint.set_rate(self.optimizer, self.learning_rate())
        self.optimizer.step()
        self.step += self.processes
        self._update_average()
        return loss.detach()

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(self.settings.ema, self.step / (self.step + 10))
        pairs = zip(self.average.parameters(), self.networks.parameters(), strict=True)
        for old, new in pairs:
            old.lerp_(new, 1 - keep)

    def run(self, save_every: float = 180.0) -> None:
        """Train to the end, saving now and then."""
        quiet = self.rank > 0
        data = Dataset(self.settings, self.vocabulary, self.space, quiet)
        self.space = data.space
        rng = np.random.default_rng([self.settings.seed, self.step, self.rank])
        torch.manual_seed(self.settings.seed + self.step + 1_000_000_007 * self.rank)
        began, saved, base = time.monotonic(), time.monotonic(), self.seconds
        bar = tqdm(total=self.steps, initial=self.step, desc="unet", mininterval=20, disable=quiet)
        losses: list[float] = []
        while self.step < self.steps:
            lone = self.step < self.steps * self.settings.lone_share
            losses.append(float(self.train_step(*data.batch(rng, lone))))
            bar.update(self.processes)
            if len(losses) % 100 == 0:
                bar.set_postfix(loss=f"{np.mean(losses[-500:]):.4f}", refresh=False)
            if time.monotonic() - saved > save_every or self.step >= self.steps:
                self.seconds = base + time.monotonic() - began
                self.save()
                saved = time.monotonic()
        bar.close()

    def save(self) -> None:
        """Write weights and optimizer; one process does it for all."""
        if self.rank > 0 or self.space is None:
            return
        facts = {"known": self.vocabulary.known, "step": self.step, "seconds": self.seconds}
        modules = self._modules() | {"latent": self.space}
        checkpoint.save(self.file, modules, self.optimizer, facts)

    def resume(self) -> None:
        """Continue from the last save, if there is one."""
        tensors = checkpoint.resume(self.file, self._modules(), self.optimizer, self.device)
        if tensors:
            self.step, self.seconds = int(tensors["step"]), float(tensors["seconds"])
            self.space = PatchLatent()
            self.space.load_state_dict(part(tensors, "latent."))

    @property
    def file(self) -> Path:
        """The checkpoint."""
        return self.folder / "unet.safetensors"

    def _modules(self) -> dict[str, nn.Module]:
        return {"now": self.networks, "average": self.average}
