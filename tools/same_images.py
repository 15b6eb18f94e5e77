"""Whether users see anything changed since an earlier revision (`make same BASE=revision`).

::

    python tools/host.py run -m tools.same_images [REVISION]

Two servers on the same host, one with the pack as it is, one with the revision's, run the demo
workflows as saved and a short `make demo`. Images and figures are compared bit for bit, the nodes
as /object_info lists them: ids, inputs in their order with types, defaults and choices, outputs.
Wording may differ, and nodes and workflows may be added, nodes to workflows too; the exit status
is 1 where anything else differs.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .api.client import Client, Graph, Result
from .api.workflow import to_api
from .demo_report.experiments import Bench
from .demo_report.studies import STUDIES
from .host import ROOT
from .server import PACK, Server

BASE = "ec78e9d2cac5"  # before the pack was rebuilt by feature
JUDGE = ROOT / "pretrained" / "demo_judge.safetensors"
WORDING = {"tooltip", "description", "output_tooltips", "placeholder", "search_aliases"}
WORDING |= {"display_name", "display", "advanced"}  # how a field is called and drawn
UNSEEN = WORDING | {"hrv_menu", "hrv_words", "hrv_prompt"}  # marks for the page's script
# Pages that end in a sentence: the row from which it is drawn. Its wording may change too.
SENTENCES = {"demo-diagnosis": 610}
NAMED = {"required", "optional"}
OWNER = re.compile(r"[^.,]*(?:, node \d+)?")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
SEEDS, BATCH = 1, 2
SHOWN = 20

Facts = dict[str, Any]


@dataclass
class Seen:
    """What a pack shows, each fact by its name: values that == compares."""

    nodes: Facts = field(default_factory=dict)
    images: Facts = field(default_factory=dict)
    figures: Facts = field(default_factory=dict)

    def kinds(self) -> dict[str, Facts]:
        """The facts under the names of their kinds."""
        return {"nodes": self.nodes, "images": self.images, "figures": self.figures}


def look(pack: Path) -> Seen:
    """Serve a pack's folder and note everything that users see of it."""
    seen = Seen()
    # One thread each: the two servers share the machine, and sums depend on the threads.
    with Server(pack=pack, threads=1) as server:
        info = server.object_info()
        ours = {k: v for k, v in info.items() if v["python_module"] == f"custom_nodes.{PACK}"}
        seen.nodes = dict(facts(ours, ""))
        graphs = demo_graphs(pack, info)
        note_workflows(seen, server, graphs)
        note_studies(seen, server, graphs)
    return seen


def demo_graphs(pack: Path, info: Facts) -> dict[str, Graph]:
    """The demo workflows of a pack's folder as the server runs them, by name."""
    paths = sorted((pack / "workflows").glob("demo-*.json"))
    return {path.stem: to_api(json.loads(path.read_text("utf-8")), info) for path in paths}


def note_workflows(seen: Seen, server: Client, graphs: dict[str, Graph]) -> None:
    """Run each workflow as saved."""
    for name, graph in graphs.items():
        note_result(seen, name, server.run_prompt(graph))


def facts(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A nested description as (path, value) but for its wording; inputs with their order."""
    if isinstance(value, dict):
        if name.rpartition(".")[2] in NAMED:
            yield f"{name} order", list(value)
        for key, part in value.items():
            if key not in UNSEEN:
                yield from facts(part, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value):
        for number, part in enumerate(value):
            yield from facts(part, f"{name}[{number}]")
    else:
        yield name, value


def note_result(seen: Seen, name: str, result: Result) -> None:
    """Images as pixels, for their files also hold the workflow; of texts the numbers."""
    for node, files in result.images.items():
        for number, data in enumerate(files):
            image = pixels(data, SENTENCES.get(name))
            seen.images[f"{name}, node {node}, image {number}"] = image
    for node, output in result.outputs.items():
        texts = json.dumps({k: v for k, v in output.items() if not k.endswith("images")})
        seen.figures[f"{name}, node {node}"] = NUMBER.findall(texts)


def note_studies(seen: Seen, server: Client, graphs: dict[str, Graph]) -> None:
    """The demo's studies with few seeds, judged as `make demo` judges them."""
    judge = import_module("demo.judge").load_judge(JUDGE)
    for study in (each for each in STUDIES if each.workflow in graphs):
        found = study.shortened(SEEDS, BATCH).run(Bench(server, judge), graphs[study.workflow])
        seen.figures |= facts(found.report["arms"], f"make demo {found.report['name']}, arms")
        for name, arms in found.arms.items():
            for arm in arms:
                for number, image in enumerate(arm.images):
                    seen.images[f"make demo {name}, {arm.label}, image {number}"] = raw(image)


def pixels(data: bytes, rows: int | None = None) -> tuple[Any, ...]:
    """The shape of an encoded image, and the values of its first rows (None: of all)."""
    with Image.open(io.BytesIO(data)) as image:
        return raw(image, rows)


def raw(image: Image.Image, rows: int | None = None) -> tuple[Any, ...]:
    """An image's shape, and the values of its first rows."""
    array = np.asarray(image)
    return array.shape, array[:rows].tobytes()


def owner(name: str) -> str:
    """The node, also the one in a workflow, that a fact belongs to; or the workflow."""
    return OWNER.match(name)[0]  # type: ignore[index]  # matches anything


def changed(old: Facts, new: Facts) -> tuple[list[str], list[str]]:
    """What differs in the nodes and workflows there were, and the names of those added since."""
    before = {owner(name) for name in old}
    added = {owner(name) for name in new} - before
    gone = [f"{name}: gone" for name in old if name not in new]
    more = [f"{name}: new" for name in new if name not in old and owner(name) not in added]
    other = [name for name in old if name in new and old[name] != new[name]]
    differ = gone + more + [f"{name}: {told(old[name])} -> {told(new[name])}" for name in other]
    return differ, sorted(added)


def told(value: Any) -> str:
    """A value in a few characters; of an image its shape."""
    text = repr(value[0] if isinstance(value, tuple) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def table(old: Seen, new: Seen) -> tuple[str, bool]:
    """What was compared, what differs and what is new; whether all that was there is the same."""
    lines, same = [f"{'':10}{'compared':>10}{'differ':>10}"], True
    for kind, before in old.kinds().items():
        differ, added = changed(before, new.kinds()[kind])
        lines.append(f"{kind:10}{len(before):10}{len(differ):10}")
        lines += [f"    {line}" for line in differ[:SHOWN]]
        lines += [f"    added: {', '.join(added)}"] if added else []
        same = same and bool(before) and not differ
    return "\n".join(lines), same


def known(revision: str) -> bool:
    """Whether this clone's history holds a revision."""
    command = ["git", "cat-file", "-e", f"{revision}^{{commit}}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """The files of a revision in a temporary folder; the clone is only read."""
    with tempfile.TemporaryDirectory(prefix="hrv-base-") as folder:
        command = ["git", "archive", "--format=tar", revision]
        packed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder)


def main(argv: list[str]) -> int:
    """Compare the pack with a revision; 2 where this clone does not hold it."""
    revision = argv[0] if argv else BASE
    if not known(revision):
        print(f"This clone's history holds no revision {revision}.", file=sys.stderr)
        return 2
    with checked_out(revision) as before, ThreadPoolExecutor(2) as both:
        old, new = both.map(look, (before, ROOT))
    text, same = table(old, new)
    print(f"{text}\nUsers see {'the same as' if same else 'something else than'} at {revision}.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
