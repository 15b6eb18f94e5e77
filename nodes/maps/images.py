"""The image that a word's heat is drawn on: the decoded one, or the latent in grey."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate

from ...hrv.maps import HeadMaps

PIXELS_PER_LATENT = 8


def image_of(image: Tensor | None, latent: Tensor, captured: HeadMaps) -> Tensor:
    """IMAGE (I, height, width, 3), or the latent in grey; ValueError if it does not fit.

    Of videos I are the frames of the latents, and an IMAGE of a frame is the first that the decoder
    makes of it.
    """
    if image is None:
        return _grey(latent)
    image = _of_latent_frames(image, len(latent), captured.frames)
    (height, width), (rows, columns) = image.shape[1:3], captured.latent
    if abs(height * columns / (width * rows) - 1) > 0.05:
        raise ValueError(
            f"The image is {width}x{height}, the sampled latent {columns}x{rows}: not the same "
            "shape. Connect the decoded image of this sampling."
        )
    return image[..., :3].float().cpu()


def _of_latent_frames(image: Tensor, latents: int, frames: int) -> Tensor:
    """One image for each frame of each latent; a decoder makes 1 + n (frames - 1) images of one."""
    each, rest = divmod(image.shape[0], latents)
    step, left = divmod(each - 1, frames - 1) if frames > 1 else (1, each - 1)
    if rest or left or step < 1:
        sampled = f"{latents} were sampled" + (f" of {frames} latent frames" if frames > 1 else "")
        raise ValueError(
            f"The image input holds {image.shape[0]} images, but {sampled}. "
            "Connect the decoded image of this sampling."
        )
    return image.unflatten(0, (latents, each))[:, ::step].flatten(0, 1)


def _grey(latent: Tensor) -> Tensor:
    """A latent (I, channels, [frames,] h, w) in grey at eight times its size."""
    grey = latent.float().cpu().mean(dim=1, keepdim=True)
    if grey.ndim == 5:
        grey = grey.movedim(2, 1).flatten(0, 1)
    low, high = grey.amin(dim=(-2, -1), keepdim=True), grey.amax(dim=(-2, -1), keepdim=True)
    grown = interpolate((grey - low) / (high - low + 1e-6), scale_factor=PIXELS_PER_LATENT)
    return grown.movedim(1, -1).expand(-1, -1, -1, 3)
