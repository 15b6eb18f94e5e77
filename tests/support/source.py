"""The project's source as its laws see it: modules, functions, and who imports whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
PACK = "hrv_pack"


@dataclass(frozen=True)
class Module:
    """A source file: its path below the root, and its text."""

    path: str
    text: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The dotted name; a package's is that of its folder."""
        names = Path(self.path).with_suffix("").parts
        return names[:-1] if names[-1] == "__init__" else names

    @property
    def name(self) -> str:
        return ".".join(self.parts)

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def defines_node(self) -> bool:
        """Whether a class of ComfyUI's io.ComfyNode stands in it."""
        classes = (part for part in ast.walk(self.tree) if isinstance(part, ast.ClassDef))
        return any(ast.unparse(base).endswith("ComfyNode") for c in classes for base in c.bases)

    def functions(self) -> Iterator[tuple[str, Function]]:
        """(path:qualified name, function) of all, methods and inner ones too."""
        yield from _functions(self.tree, f"{self.path}:")

    def imports(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """(module, name in it or "") of every import, the lazy ones too.

        Relative ones are resolved; the pack's own begin with its folder.
        """
        here = self.parts if self.is_package else self.parts[:-1]
        for part in ast.walk(self.tree):
            if isinstance(part, ast.Import):
                for alias in part.names:
                    yield _own(tuple(alias.name.split("."))), ""
            elif isinstance(part, ast.ImportFrom):
                named = tuple((part.module or "").split(".")) if part.module else ()
                base = here[: len(here) - part.level + 1] if part.level else ()
                for alias in part.names:
                    yield _own(base + named), alias.name


def _functions(part: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(part):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not isinstance(child, ast.ClassDef):
                yield f"{prefix}{child.name}", child
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _own(name: tuple[str, ...]) -> tuple[str, ...]:
    return name[1:] if name[:1] == (PACK,) else name


def length(function: Function) -> int:
    """Lines from ``def`` to the end."""
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def body_length(function: Function) -> int:
    """Lines of the statements, without signature and docstring."""
    first = function.body[1:] if ast.get_docstring(function) else function.body
    return (first[-1].end_lineno or 0) - first[0].lineno + 1 if first else 0


def parameters(function: Function) -> int:
    """Named parameters, ``self`` and ``cls`` not counted."""
    given = function.args
    named = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(named) - (named[:1] in (["self"], ["cls"]))


def modules(root: Path, folders: tuple[str, ...]) -> list[Module]:
    """Every source file below these folders."""
    found = (path for folder in folders for path in sorted((root / folder).rglob("*.py")))
    return [Module(p.relative_to(root).as_posix(), p.read_text("utf-8")) for p in found]


def graph(listed: list[Module]) -> dict[str, set[str]]:
    """{module: modules that it imports}, of the project's own."""
    names = {module.name for module in listed}

    def target(module: tuple[str, ...], name: str) -> str | None:
        inner = ".".join((*module, name)) if name else ""
        return next((n for n in (inner, ".".join(module)) if n in names), None)

    found = {m.name: {target(*pair) for pair in m.imports()} for m in listed}
    return {name: {t for t in to if t and t != name} for name, to in found.items()}


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Modules that import one another in a circle; empty where there is none."""
    left = {name: set(to) for name, to in edges.items()}
    while ends := [name for name, to in left.items() if not to & left.keys()]:
        for name in ends:
            del left[name]
    if not left:
        return []
    path = [min(left)]
    while (step := min(left[path[-1]] & left.keys())) not in path:
        path.append(step)
    return [*path[path.index(step) :], step]
