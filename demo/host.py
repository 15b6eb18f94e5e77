"""Finding ComfyUI when a demo script is started by hand instead of by the server."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path


def use_host(cpu: bool | None = None) -> None:
    """Make ``import comfy`` work: $COMFYUI_PATH, else ``.host/ComfyUI`` ($HRV_HOST_DIR moves it).

    ``cpu`` says whether ComfyUI should stay off the GPU; by default it decides by itself.
    Call it before anything of ComfyUI is imported.
    """
    if "comfy.model_management" in sys.modules:
        return
    beside = Path(os.environ.get("HRV_HOST_DIR", Path(__file__).parent.parent / ".host"))
    home = Path(os.environ.get("COMFYUI_PATH") or beside / "ComfyUI")
    if home.is_dir():
        # In front of the current folder: ours may be a pack with a folder called nodes.
        sys.path.insert(0, str(home.resolve()))
    if find_spec("comfy") is None:
        raise ValueError(
            f"ComfyUI is expected in {home}, but it is not there. Set COMFYUI_PATH to your "
            "ComfyUI folder, or run `make host`."
        )
    import torch
    from comfy.cli_args import args

    args.cpu = not torch.cuda.is_available() if cpu is None else cpu
    args.use_pytorch_cross_attention = True
