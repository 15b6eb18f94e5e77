"""Import the pack and ComfyUI in one process, outside the server::

    python3 tools/host.py run -m tools.pack benchmarks.costs.steering     run a module's main()

Our `nodes/` would shadow ComfyUI's `nodes.py` if the project's folder were searched for modules
first, so the pack is imported through a parent package, `hrv_pack`, and the host goes in front.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from .host import ROOT

NAME = "hrv_pack"


def load(cpu: bool | None = None) -> None:
    """Make `comfy` and `hrv_pack` importable; cpu=None uses a GPU when there is one."""
    if NAME not in sys.modules:
        pack = ModuleType(NAME)
        pack.__path__ = [str(ROOT)]
        sys.modules[NAME] = pack
    import_module(f"{NAME}.demo.host").use_host(cpu)


if __name__ == "__main__":
    load()
    import_module(f"{NAME}.{sys.argv[1]}").main(*sys.argv[2:])
