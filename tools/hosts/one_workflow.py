"""Run one of the demo workflows in the real ComfyUI: whether the pack works on this machine::

python tools/host.py run -m tools.hosts.one_workflow demo-steer

Its images are written into ``output/one_workflow``.
"""

from __future__ import annotations

import sys

from ..host import ROOT
from ..same_images import demo_graphs
from ..server import Server

OUTPUT = ROOT / "output" / "one_workflow"


def main(name: str) -> int:
    """1 where the workflow gives no image."""
    with Server() as server:
        graphs = demo_graphs(ROOT, server.object_info())
        if name not in graphs:
            print(f"There is no demo workflow {name}; there are {', '.join(graphs)}.")
            return 2
        found = server.run_prompt(graphs[name]).images
        version = server.get_json("/system_stats")["system"]["comfyui_version"]
    OUTPUT.mkdir(parents=True, exist_ok=True)
    files = [data for node in found.values() for data in node]
    for number, data in enumerate(files):
        (OUTPUT / f"{name}_{number}.png").write_bytes(data)
    print(f"{name} on ComfyUI {version} and {sys.platform}: {len(files)} images in {OUTPUT}")
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "demo-steer"))
