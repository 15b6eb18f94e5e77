"""The image that a word's heat is drawn on: the decoded one, or the latent in grey."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate

from ...hrv.maps import HeadMaps

PIXELS_PER_LATENT = 8


def image_of(image: Tensor | None, latent: Tensor, captured: HeadMaps) -> Tensor:
    """IMAGE (I, height, width, 3), or the latent in grey; ValueError if it does not fit."""
    if image is None:
        return _grey(latent)
    if image.shape[0] != latent.shape[0]:
        raise ValueError(
            f"The image input holds {image.shape[0]} images, but {latent.shape[0]} were sampled. "
            "Connect the decoded image of this sampling."
        )
    (height, width), (rows, columns) = image.shape[1:3], captured.latent
    if abs(height * columns / (width * rows) - 1) > 0.05:
        raise ValueError(
            f"The image is {width}x{height}, the sampled latent {columns}x{rows}: not the same "
            "shape. Connect the decoded image of this sampling."
        )
    return image[..., :3].float().cpu()


def _grey(latent: Tensor) -> Tensor:
    """A latent (I, channels, h, w) in grey at eight times its size."""
    grey = latent.float().cpu().mean(dim=1, keepdim=True)
    low, high = grey.amin(dim=(-2, -1), keepdim=True), grey.amax(dim=(-2, -1), keepdim=True)
    grown = interpolate((grey - low) / (high - low + 1e-6), scale_factor=PIXELS_PER_LATENT)
    return grown.movedim(1, -1).expand(-1, -1, -1, 3)
