"""Renew the pinned versions in requirements/ from their ``.in`` files (`make lock`)::

python3 -m tools.lock
"""

from __future__ import annotations

import sys

from .host import PINS, HostError, boot_python, call, pinned_source, say

NAMES = ("boot", "host", "dev", "ray", "clip")
FOR_ALL = ("--universal", "--python-version", "3.10", "--generate-hashes")
# Hashes, no addresses: an address would be that of whoever locks.
PLAIN = ("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate", "--quiet")


def lock() -> None:
    """Compile every list; host.in names a file of the host's source, so that comes first."""
    pinned_source()
    uv = boot_python().with_name("uv")
    for name in NAMES:
        paths = (PINS / f"{name}.in", "-o", PINS / f"{name}.txt")
        call(uv, "pip", "compile", *FOR_ALL, *PLAIN, *paths)


if __name__ == "__main__":
    try:
        lock()
    except HostError as error:
        say(f"{error}")
        sys.exit(1)
