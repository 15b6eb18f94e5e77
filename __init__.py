"""ComfyUI-HRV: steer Stable Diffusion by the cross-attention heads that know a concept."""

from .nodes.extension import comfy_entrypoint

WEB_DIRECTORY = "./web"

__all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]
