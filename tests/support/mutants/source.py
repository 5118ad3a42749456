"""List the mutants of a file, and compile their code."""

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from tests.support.mutants.conditions import is_condition, is_update
from tests.support.mutants.operators import has_condition, is_number, join_text, list_replacements, mark_nodes

_CONTEXT = 50

_IGNORED = ("log.", "log = ", "Use = ", "sets = ")
_ERRORS = ("Error", "Busy", "ExceptionGroup", "InvalidRequest", "Forbidden", "TooManyRequests")

type Step = tuple[str, int | None]


class Mutant(NamedTuple):
    """One change of a file. `name` stays the same if other lines of the file change."""

    name: str
    path: str
    steps: tuple[Step, ...]
    """The path from the root of the syntax tree to the changed node."""
    number: int
    """The position of the change among those of the node."""
    lines: range
    """The lines that execute the changed code."""
    in_function: bool
    """False if the changed code runs when the module is imported."""

    def compile(self) -> CodeType:
        """Return the code of the changed file."""
        tree = deepcopy(_parse(self.path))
        parent: ast.AST = tree
        for step in self.steps[:-1]:
            parent = _follow(parent, step)
        node = _follow(parent, self.steps[-1])
        replacement = list(list_replacements(node))[self.number]
        _set(parent, self.steps[-1], ast.copy_location(replacement, node))
        path = str(Path(self.path).resolve())
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


class _Place(NamedTuple):
    steps: tuple[Step, ...] = ()
    scope: tuple[str, ...] = ()
    lines: range = range(0)
    in_function: bool = False
    with_condition: bool = False


def list_mutants(path: str, *, only_conditions: bool = False) -> list[Mutant]:
    """Return the mutants of a file. If `only_conditions`, return those of functions with a condition expression."""
    names: Counter[str] = Counter()
    mutants = []
    for node, place in _walk(_parse(path), _Place()):
        if only_conditions and not place.with_condition:
            continue
        if only_conditions and _is_row(node):
            continue
        for number, replacement in enumerate(list_replacements(node)):
            name = f"{path} {'.'.join(place.scope)}: {' -> '.join(_describe(node, replacement))}"
            names[name] += 1
            name += f" ({names[name]})" if names[name] > 1 else ""
            mutants.append(Mutant(name, path, place.steps, number, place.lines, place.in_function))
    return mutants


def _is_row(node: ast.AST) -> bool:
    """Return whether a node is a part of a request or a row, but no condition. DynamoDB checks most of these parts."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and not is_condition(node.value)
    return is_text or isinstance(node, ast.Dict | ast.Tuple | ast.List)


@cache
def _parse(path: str) -> ast.Module:
    tree = ast.parse(Path(path).read_text())
    mark_nodes(tree)
    return tree


def _describe(*nodes: ast.AST) -> list[str]:
    """Return the code before and after a change, shortened to the difference."""
    texts = [_unparse(node) for node in nodes]
    prefix = _count_common(texts)
    suffix = min(_count_common([text[::-1] for text in texts]), *(len(text) - prefix for text in texts))
    start = max(prefix - _CONTEXT, 0)
    ends = [min(len(text) - suffix + _CONTEXT, len(text)) for text in texts]
    return [
        ("..." if start else "") + text[start:end] + ("..." if end < len(text) else "")
        for text, end in zip(texts, ends, strict=True)
    ]


def _count_common(texts: list[str]) -> int:
    """Return the length of the common beginning of two texts."""
    return next(
        (index for index, pair in enumerate(zip(*texts, strict=False)) if len(set(pair)) > 1), min(map(len, texts))
    )


def _unparse(node: ast.AST) -> str:
    node = ast.fix_missing_locations(deepcopy(node))
    if isinstance(node, ast.comprehension):
        node = ast.GeneratorExp(node.target, [node])
    if isinstance(node, ast.If | ast.While):
        node.body, node.orelse = [ast.Expr(ast.Constant(...))], []
    return " ".join(ast.unparse(node).split())


def _walk(node: ast.AST, place: _Place) -> Iterator[tuple[ast.AST, _Place]]:
    """Yield the nodes of a tree whose changes a test should detect, with their places."""
    for name, value in ast.iter_fields(node):
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_ignored(node, name, child):
                continue
            step: Step = (name, index)
            inner = _enter(node, name, child, place._replace(steps=(*place.steps, step)))
            yield child, inner
            yield from _walk(child, inner)


def _enter(parent: ast.AST, field: str, child: ast.AST, place: _Place) -> _Place:
    if isinstance(parent, ast.FunctionDef) and field == "body":
        place = place._replace(in_function=True)
    if isinstance(child, ast.FunctionDef | ast.ClassDef):
        has_text = isinstance(child, ast.FunctionDef) and has_condition(child)
        place = place._replace(scope=(*place.scope, child.name), with_condition=place.with_condition or has_text)
    if isinstance(child, ast.stmt):
        head = child.body[0].lineno - 1 if isinstance(child, ast.If | ast.While | ast.For | ast.Try | ast.With) else 0
        return place._replace(lines=range(child.lineno, max(child.lineno, head or child.end_lineno or 0) + 1))
    return place


def _is_ignored(parent: ast.AST, field: str, child: ast.AST) -> bool:
    """Return whether no test needs to detect a change: of types, docstrings, logs, and texts of errors."""
    if field in ("annotation", "returns", "type_params", "bases") or isinstance(child, ast.Import | ast.ImportFrom):
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True
    if isinstance(child, ast.Expr | ast.Assign) and ast.unparse(child).startswith(_IGNORED):
        return True
    if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
        return True
    if isinstance(parent, ast.JoinedStr):
        text = join_text(parent)
        # The mutants of a condition are those of the whole text. An update has no operators.
        return is_update(text) or (is_condition(text) and isinstance(child, ast.Constant))
    if isinstance(parent, ast.BinOp) and is_number(parent):
        return True
    is_text = isinstance(child, ast.JoinedStr | ast.Constant) and field == "args"
    return is_text and isinstance(parent, ast.Call) and ast.unparse(parent.func).endswith(_ERRORS)


def _follow(node: ast.AST, step: Step) -> ast.AST:
    name, index = step
    value = getattr(node, name)
    child: ast.AST = value if index is None else value[index]
    return child


def _set(node: ast.AST, step: Step, child: ast.AST) -> None:
    name, index = step
    if index is None:
        setattr(node, name, child)
    else:
        getattr(node, name)[index] = child
