"""Compiled models: what is compiled as a whole runs as it is while hooks act, parts are refused."""

from __future__ import annotations

import logging
from typing import Any

import torch

_COMPILED = "torch.compile"
"""The key of the host's wrapper that puts compiled modules in place while a model runs."""
logger = logging.getLogger("ComfyUI-HRV")


def uncompiled(options: dict[str, Any]) -> dict[str, Any]:
    """transformer_options without what puts compiled modules in place, which hooks do not reach."""
    wrappers = options.get("wrappers", {})
    applied = wrappers.get("apply_model", {})
    if _COMPILED not in applied:
        return options
    others = {key: one for key, one in applied.items() if key != _COMPILED}
    return {**options, "wrappers": {**wrappers, "apply_model": others}}


def say_uncompiled(options: dict[str, Any]) -> None:
    """Tells the console, where a model is compiled, that it does not run so."""
    if uncompiled(options) is not options:
        logger.warning("%s", _SLOWER)


def require_not_compiled(patcher: Any) -> None:
    """ValueError for a MODEL that is compiled, whole or in parts, where its modules stand."""
    placed = [patcher.get_model_object("diffusion_model"), *patcher.object_patches.values()]
    for module in (m for one in placed if isinstance(one, torch.nn.Module) for m in one.modules()):
        if hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None):
            raise ValueError(_REFUSED)


_SLOWER = (
    "HRV nodes do not reach into compiled models (TorchCompileModel), so that this sampling runs "
    "without torch.compile: slower, but exact. Without HRV nodes it is compiled as before."
)
_REFUSED = (
    "This model is compiled (torch.compile) by a node that replaces its modules, and HRV nodes do "
    "not reach into compiled modules. Remove that node from the model that HRV nodes patch, or use "
    "ComfyUI's own TorchCompileModel."
)
