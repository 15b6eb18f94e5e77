"""Messages an artist must see although the picture was made: a toast on the page, and the log."""

from __future__ import annotations

import logging

from server import PromptServer

EVENT = "hrv.warning"
logger = logging.getLogger("ComfyUI-HRV")


def warn(message: str) -> None:
    """Show `message` as a warning on the open page and in the console."""
    logger.warning("%s", message)
    instance = getattr(PromptServer, "instance", None)
    if instance is not None:
        instance.send_sync(EVENT, {"message": message}, instance.client_id)
