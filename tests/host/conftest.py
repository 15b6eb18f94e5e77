"""The real server, once for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hrv_pack.tools.server import Server


@pytest.fixture(scope="session")
def server(host: Path) -> Iterator[Server]:
    """A running server with the pack in its custom_nodes."""
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def object_info(server: Server) -> dict[str, Any]:
    """Every node that the server knows."""
    return server.object_info()
