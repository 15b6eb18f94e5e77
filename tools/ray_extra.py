"""Put the pinned Ray into the pinned host's environment (`make ray`)::

    python3 -m tools.ray_extra

Its requirements are locked together with the host's, so nothing that is there changes version.
"""

from __future__ import annotations

import os
import sys

from .host import PINS, HostError, boot_python, call, ensure, say


def install() -> None:
    """Install it where it is missing; HostError where the environment is the user's own."""
    if os.environ.get("COMFYUI_PATH"):
        raise HostError("COMFYUI_PATH names your own ComfyUI; there, pip install ray yourself.")
    python = ensure().python
    uv = boot_python().with_name("uv")
    pins = ("--require-hashes", "-r", PINS / "ray.txt")
    call(uv, "pip", "install", "--quiet", "--python", python, *pins)


if __name__ == "__main__":
    try:
        install()
    except HostError as error:
        say(f"{error}")
        sys.exit(1)
