"""Small changes of a Python source, each of which some test should notice.

A mutant is named by what it changes, not by a line, so that it is still known when the file grows.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

Changed = ast.expr | ast.stmt | ast.comprehension
Edit = Callable[[], None]
"""Changes a node where it stands."""

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip
NAMES = {"min": "max", "amin": "amax", "any": "all", "floor": "ceil", "argmin": "argmax"}
NAMES |= {other: name for name, other in NAMES.items()}
NAMES |= {"sum": "mean", "clamp": "clone"}
KEYWORDS = {"min", "max", "stable", "descending", "key", "default", "reverse"}
UNSEEN = (ast.JoinedStr, ast.Raise, ast.Assert, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Mutant:
    """One change. place: the innermost function, "" outside of all; number: of equal changes."""

    file: str
    place: str
    was: str
    becomes: str
    line: int
    number: int

    @property
    def name(self) -> str:
        """What tells it from all others, lines left aside."""
        return f"{self.file}:{self.place}: {self.was} -> {self.becomes} #{self.number}"


def mutants(root: Path, file: str) -> list[Mutant]:
    """All changes of a file, in order."""
    return [mutant for mutant, _ in _applied(root, file, None)]


def mutated(root: Path, mutant: Mutant) -> ast.Module:
    """The file's tree with the change."""
    for found, tree in _applied(root, mutant.file, mutant):
        if found == mutant:
            return tree
    raise ValueError(f"{mutant.file} has no longer the place of {mutant.name}.")


def digest(path: Path) -> str:
    """Tells one content of a file from another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _applied(root: Path, file: str, wanted: Mutant | None) -> Iterator[tuple[Mutant, ast.Module]]:
    """Each mutant with a tree, which is changed for the wanted one alone."""
    tree = ast.parse((root / file).read_text("utf-8"))
    seen: dict[tuple[str, str, str], int] = {}
    for node, place in _nodes(tree, ""):
        was = _shown(node)
        for becomes, edit in _changes(node):
            key = (place, was, becomes)
            seen[key] = seen.get(key, 0) + 1
            mutant = Mutant(file, place, was, becomes, getattr(node, "lineno", 0), seen[key])
            if mutant == wanted:
                edit()
                ast.fix_missing_locations(tree)
            yield mutant, tree


def _nodes(node: ast.AST, place: str) -> Iterator[tuple[Changed, str]]:
    """What may be changed, with the function around it; no types, messages, faces of nodes."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "bases", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, UNSEEN) or _is_face(child):
                continue
            inner = place
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                local = ".<locals>." if isinstance(node, ast.FunctionDef) else "."
                inner = f"{place}{local}{child.name}" if place else child.name
            elif isinstance(child, ast.ClassDef):
                inner = f"{place}.{child.name}" if place else child.name
            if isinstance(child, Changed):
                yield child, inner
            yield from _nodes(child, inner)


def _is_face(node: ast.AST) -> bool:
    """What a node looks like on the page, which tests of the page hold."""
    if not isinstance(node, ast.FunctionDef):
        return False
    return node.name == "define_schema" or node.name.endswith(("input", "inputs"))


def _changes(node: Changed) -> Iterator[tuple[str, Edit]]:
    """The changes of a node: how it reads then, and what makes it so."""
    for field, value in _new_values(node):
        old = getattr(node, field)
        setattr(node, field, value)
        after = _shown(node)
        setattr(node, field, old)
        if after != _shown(node):
            yield after, partial(setattr, node, field, value)


def _shown(node: ast.AST) -> str:
    """The node as code; of an `if` its first line."""
    text = ast.unparse(node)
    return text.partition("\n")[0] if isinstance(node, ast.If) else text


def _new_values(node: ast.AST) -> Iterator[tuple[str, object]]:
    """(field, what it becomes)."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        yield "ops", [COMPARED[type(node.ops[0])](), *node.ops[1:]]
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in COMPUTED:
        if not _is_text(node):
            yield "op", COMPUTED[type(node.op)]()
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    else:
        yield from _of_structure(node)


def _of_structure(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Of what decides, calls and cuts."""
    if isinstance(node, ast.BoolOp):
        yield "op", ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.If | ast.IfExp):
        yield from _conditions(node)
    elif isinstance(node, ast.comprehension):
        yield "ifs", []
    elif isinstance(node, ast.Slice):
        yield from ((each, None) for each in ("lower", "upper") if getattr(node, each) is not None)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "value", ast.Constant(None)


def _constants(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, bool):
        yield "value", not value
    elif isinstance(value, int):
        yield "value", value + 1
    elif isinstance(value, float):
        yield "value", value * 1.5 if value else 1.0


def _conditions(node: ast.If | ast.IfExp) -> Iterator[tuple[str, object]]:
    if isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise):
        yield "test", ast.Constant(False)  # what is refused is not
    elif not isinstance(node.test, ast.Compare):
        yield "test", ast.UnaryOp(ast.Not(), node.test)


def _calls(node: ast.Call) -> Iterator[tuple[str, object]]:
    function = node.func
    if isinstance(function, ast.Name) and function.id in NAMES:
        yield "func", ast.Name(NAMES[function.id])
    elif isinstance(function, ast.Attribute) and function.attr in NAMES:
        yield "func", ast.Attribute(function.value, NAMES[function.attr])
    for keyword in node.keywords:
        if keyword.arg in KEYWORDS:
            yield "keywords", [each for each in node.keywords if each is not keyword]


def _is_text(node: ast.BinOp | ast.AugAssign) -> bool:
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )
