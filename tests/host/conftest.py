"""What the tests on the real host share: tiny models of its classes, and its server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from hrv_pack.tools.server import Server

STRUCTURES = ("sd1", "sd2", "sdxl")


@pytest.fixture
def inference() -> Iterator[None]:
    """The test runs without gradients, as the host runs its nodes."""
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def clip(host: Path) -> Any:
    """A tiny text encoder."""
    from tiny_models import make_clip

    with torch.inference_mode():
        return make_clip()


@pytest.fixture(scope="module")
def models(host: Path) -> dict[str, Any]:
    """A tiny MODEL of each structure; nothing that a test does may change them."""
    from tiny_models import make_model

    with torch.inference_mode():
        return {structure: make_model(structure) for structure in STRUCTURES}


@pytest.fixture(scope="module")
def model(models: dict[str, Any]) -> Any:
    """The tiny MODEL of SD1.x structure."""
    return models["sd1"]


@pytest.fixture(scope="session")
def server(host: Path) -> Iterator[Server]:
    """A running server with the pack in its custom_nodes."""
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def object_info(server: Server) -> dict[str, Any]:
    """Every node that the server knows."""
    return server.object_info()


@pytest.fixture
def own_folder(host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only models/hrv that there is."""
    import folder_paths

    from hrv_pack.nodes.library import folders as library

    kinds = {
        **folder_paths.folder_names_and_paths,
        library.KIND: ([str(tmp_path)], {".safetensors"}),
    }
    monkeypatch.setattr(folder_paths, "folder_names_and_paths", kinds)
    return tmp_path
