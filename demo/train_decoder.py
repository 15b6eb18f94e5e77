"""Training of the latent's decoder.

It sees latents with a little noise, and latents that the trained UNet has denoised from much
noise, so that it learns to clean what the UNet leaves unclear.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from tqdm import tqdm

from . import checkpoint, world
from .captions import caption
from .decoder import psnr, trainable
from .files import part
from .latent import PatchLatent, to_signed
from .train_unet import Networks
from .vocabulary import Vocabulary

HELD_OUT_SEED = 900_002
Spoil = Callable[[Tensor, list[world.Scene]], Tensor]


@dataclass(frozen=True)
class Settings:
    """What decides the result of a training."""

    pictures: int = 100_000
    dataset: int = 20_000
    batch: int = 32
    learning_rate: float = 1.5e-3
    noise: float = 0.2
    denoised_share: float = 0.5
    strongest: float = 1.2
    ema: float = 0.998
    seed: int = 40


class Denoised:
    """Latents noised up to a level and denoised in one step by the trained UNet."""

    def __init__(self, checkpoint: Path, settings: Settings, device: torch.device) -> None:
        tensors = load_file(checkpoint, device=str(device))
        self.vocabulary = Vocabulary()
        self.networks = Networks(len(self.vocabulary)).to(device).requires_grad_(False)
        self.networks.load_state_dict(part(tensors, "average."))
        self.space = PatchLatent().to(device)
        self.space.load_state_dict(part(tensors, "latent."))
        from .network import diffusion_model

        sigmas = diffusion_model().model_sampling.sigmas.to(device)
        self.sigmas = sigmas[sigmas < settings.strongest]
        self.settings = settings
        self.rng = np.random.default_rng([settings.seed, 2])

    @torch.no_grad()
    def __call__(self, clean: Tensor, scenes: list[world.Scene]) -> Tensor:
        """Clean latents (B, 48, 8, 8) -> what the UNet makes of them at a random noise level."""
        words = np.stack([self.vocabulary.rows(caption(scene, self.rng)) for scene in scenes])
        steps = torch.randint(len(self.sigmas), (len(clean),), device=clean.device)
        sigma = self.sigmas[steps].view(-1, 1, 1, 1)
        noisy = (clean + sigma * torch.randn_like(clean)) / (sigma**2 + 1).sqrt()
        with torch.autocast(clean.device.type, torch.bfloat16):
            rows = torch.from_numpy(words).to(clean.device)
            return self.networks(noisy, steps.float(), rows)


def spoiled(clean: Tensor, scenes: list[world.Scene], denoise: Spoil, s: Settings) -> Tensor:
    """The decoder's input: the first part of the batch denoised, the rest lightly noised."""
    count = int(s.denoised_share * len(clean))
    level = s.noise * torch.rand(len(clean), 1, 1, 1, device=clean.device)
    result = clean + level * torch.randn_like(clean)
    result[:count] = denoise(clean[:count], scenes[:count])
    return result


class Training:
    """The state of a run, which goes on from its last save."""

    def __init__(self, folder: Path, settings: Settings, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.device = settings, device
        self.file = folder / "decoder.safetensors"
        self.denoise = Denoised(folder / "unet.safetensors", settings, device)
        self.model = trainable(self.denoise.space).to(device)
        self.average = copy.deepcopy(self.model)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), fused=True)
        found = checkpoint.resume(self.file, self._modules(), self.optimizer, device)
        self.step = int(found.get("step", 0))
        self.seconds = float(found.get("seconds", 0))
        torch.manual_seed(settings.seed + self.step)

    def _modules(self) -> dict[str, nn.Module]:
        return {"now": self.model, "average": self.average}

    def train_step(self, pictures: np.ndarray, scenes: list[world.Scene]) -> None:
        """One optimizer step on pictures (B, 64, 64, 3) uint8."""
        s, model = self.settings, self.model
        target = to_signed(pictures).to(self.device)
        latents = spoiled(model.encode(target), scenes, self.denoise, s)
        with torch.autocast(self.device.type, torch.bfloat16):
            correction = model.decoder(latents)
        loss = (model.latent.decode(latents) + correction.float() - target).abs().mean()
        self.optimizer.zero_grad()
        loss.backward()
        rate = checkpoint.cosine_rate(self.step, s.pictures // s.batch, s.learning_rate)
        checkpoint.set_rate(self.optimizer, rate)
        self.optimizer.step()
        self.step += 1
        with torch.no_grad():
            old: list[Tensor] = list(self.average.parameters())
            new: list[Tensor] = list(model.parameters())
            torch._foreach_lerp_(old, new, 1 - s.ema)

    def run(self, save_every: float = 120.0) -> None:
        """Train to the end, saving now and then."""
        s = self.settings
        scenes = list(world.scenes(s.dataset, s.seed))
        pictures = np.stack([world.render(x) for x in tqdm(scenes, "rendering", mininterval=5)])
        steps = s.pictures // s.batch
        began = saved = time.monotonic() - self.seconds
        for _ in tqdm(range(self.step, steps), "decoder", mininterval=10):
            chosen = torch.randint(len(pictures), (s.batch,)).tolist()
            self.train_step(pictures[chosen], [scenes[i] for i in chosen])
            if time.monotonic() - saved > save_every or self.step == steps:
                saved = time.monotonic()
                facts = {"step": self.step, "seconds": saved - began}
                checkpoint.save(self.file, self._modules(), self.optimizer, facts)


def main(folder: Path, device: torch.device, settings: Settings) -> None:
    """Train beside the UNet's checkpoint, and measure."""
    training = Training(folder, settings, device)
    training.run()
    fresh = np.stack([world.render(scene) for scene in world.scenes(500, HELD_OUT_SEED)])
    found = psnr(training.average.cpu(), to_signed(fresh))
    tqdm.write(f"decoder {found:.1f} dB on held-out renders")
