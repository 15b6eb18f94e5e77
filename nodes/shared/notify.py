"""What a node tells the open page: warnings as toasts, and text on the node itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from comfy_api.latest import io
from server import PromptServer

WARNING, TEXT = "hrv.warning", "hrv.text"
"""The events that web/toasts.js and web/texts.js listen for."""
logger = logging.getLogger("ComfyUI-HRV")


def warn(message: str) -> None:
    """Show `message` as a warning on the open page and in the console."""
    logger.warning("%s", message)
    server = _server()
    if server is not None:
        server.send_sync(WARNING, {"message": message}, server.client_id)


def warn_bypassed(label: str, layer: str) -> None:
    """Warn that the node with this label did not reach a layer, where another pack acts before."""
    warn(
        f"{label} was skipped in {layer}: another custom node changes the batch inside that "
        "attention layer. Connect that node after the HRV nodes."
    )


def warn_all(messages: Iterable[str]) -> None:
    """`warn` of each of the messages."""
    for message in messages:
        warn(message)


def node_id(node: type[io.ComfyNode]) -> str | None:
    """The id of the node being executed, whose schema asks for `unique_id`; None outside a run."""
    return node.hidden.unique_id if node.hidden else None


def show_text(text: str, node: str | None) -> None:
    """Show text on the node of this id, from now until it says something else."""
    server = _server()
    if server is not None and node is not None:
        server.send_sync(TEXT, {"node": node, "text": text}, server.client_id)


def teller(node: str | None) -> Callable[[str], None]:
    """`show_text` on the node of this id."""
    return partial(show_text, node=node)


def _server() -> Any:
    """The host's server; None where the nodes run without one."""
    return getattr(PromptServer, "instance", None)
