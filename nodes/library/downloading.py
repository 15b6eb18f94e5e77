"""How a download tells how far it is, and how it is cancelled."""

from __future__ import annotations

import comfy.model_management
import comfy.utils

from ...hrv.files.fetch import Progress


def download_progress() -> Progress:
    """Counts bytes on the running node's bar; raises where the user cancelled."""
    bar = comfy.utils.ProgressBar(1)

    def report(done: int, total: int) -> None:
        comfy.model_management.throw_exception_if_processing_interrupted()
        bar.update_absolute(done, total)

    return report
