"""What the page shows of the nodes, in the shape in which ComfyUI takes translations of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Say = Callable[[str, str], str | None]
"""A text and where it is shown -> what to say there; None to leave it to the host."""
Info = Mapping[str, Any]
"""A node as /object_info lists it."""

_CODE = re.compile(r"[{}@|]")
"""What the page would read as code in a translated text; such texts stay as the node has them."""
_FILE = re.compile(r"\.\w+$")
_SAID = re.compile(r'\bsay\("((?:[^"\\]|\\.)*)"')
_NESTED = "COMFY_DYNAMICCOMBO_V3"


def node_definitions(infos: Mapping[str, Info], say: Say) -> dict[str, Any]:
    """The `nodeDefs.json` of all nodes."""
    return {key: _node(info, key, say) for key, info in infos.items()}


def _node(info: Info, key: str, say: Say) -> dict[str, Any]:
    named = _said(say, key, display_name=info["display_name"], description=info["description"])
    inputs = {
        name.replace(".", "_"): _said(
            say,
            f"{key}, input {name}",
            name=options.get("display_name") or name.rpartition(".")[2],
            tooltip=options.get("tooltip"),
        )
        for name, _kind, options in every_input(info)
    }
    return {**named, "inputs": inputs, "outputs": _outputs(info, key, say)}


def _outputs(info: Info, key: str, say: Say) -> dict[str, dict[str, str]]:
    """Of each output; one that is called as its type is called so by the host."""
    tooltips = info.get("output_tooltips") or [None] * len(info["output"])
    rows = zip(info["output"], info["output_name"], tooltips, strict=True)
    return {
        str(number): _said(
            say, f"{key}, output {name}", name=name if name != kind else None, tooltip=tooltip
        )
        for number, (kind, name, tooltip) in enumerate(rows)
    }


def _said(say: Say, where: str, **texts: str | None) -> dict[str, str]:
    """The texts that are there, as `say` says them."""
    plain = {key: text for key, text in texts.items() if text and not _CODE.search(text)}
    said = {key: say(text, f"{where}: {key}") for key, text in plain.items()}
    return {key: text for key, text in said.items() if text}


def every_input(info: Info) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(name, type, options) of a node's inputs; "settings.limit" for one inside another."""
    yield from _inputs(info["input"], "")


def _inputs(groups: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for group in ("required", "optional"):
        for name, spec in (groups.get(group) or {}).items():
            options = spec[1] if len(spec) > 1 else {}
            yield prefix + name, spec[0], options
            if spec[0] == _NESTED:
                for choice in options["options"]:
                    yield from _inputs(choice["inputs"], f"{prefix}{name}.")


def choices_in_words(infos: Mapping[str, Info], names: Iterable[str]) -> dict[str, str]:
    """{choice: where} of all menus, but for files and for `names`, which stand for themselves.

    A number stands for itself too. Of a menu of concepts, the choice that is none.
    """
    taken, found = set(names), dict[str, str]()
    for key, info in infos.items():
        for name, kind, options in every_input(info):
            for text in _choices(kind, options):
                if text not in taken and re.search(r"[^\W\d]", text) and not _FILE.search(text):
                    found.setdefault(text, f"{key}, a choice of {name}")
    return found


def _choices(kind: str, options: Mapping[str, Any]) -> list[str]:
    """The choices of a field's menu; none where it has no menu."""
    if options.get("hrv_menu"):
        return [options["hrv_first"]] if "hrv_first" in options else []
    listed = options.get("options")
    if not isinstance(listed, list):
        return []
    return [choice["key"] for choice in listed] if kind == _NESTED else listed


def texts_of_scripts(folder: Path) -> dict[str, str]:
    """{text: where} that the page's script says by `say("...")` of web/spoken.js."""
    return {
        text: f"web/{path.name}"
        for path in sorted(folder.glob("*.js"))
        for text in _SAID.findall(path.read_text("utf-8"))
    }
