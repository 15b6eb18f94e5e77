"""A tiny model of each transformer family; nothing that a test does may change them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch


@pytest.fixture(scope="session")
def made(host: Path) -> dict[str, Any]:
    """The tiny models that tests have asked for so far."""
    return {}


@pytest.fixture
def make(made: dict[str, Any]) -> Any:
    """make(name of the structure): its tiny MODEL."""
    from tiny_transformers import make_transformer

    def find(name: str) -> Any:
        if name not in made:
            with torch.inference_mode():
                made[name] = make_transformer(name)
        return made[name]

    return find
