"""Mutants of Python code: other operators, other constants, and removed parts."""

import ast
import re
from collections.abc import Callable, Iterator
from copy import deepcopy

from tests.support.mutants import conditions

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.LShift: ast.RShift,
}
_PLACEHOLDER = re.compile("\0([0-9]+)\0")


def mark_nodes(tree: ast.AST) -> None:
    """Mark the expressions that need fewer mutants.

    Some expressions only decide between true and false. A test that detects an expression that is always true, and one
    that is always false, also detects its opposite. Python itself detects a tuple with too few elements for its names.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            for part in (*node.targets, node.value):
                vars(part)["is_unpacked"] = True
        tests: list[ast.expr] = []
        match node:
            case ast.If() | ast.IfExp() | ast.While():
                tests = [node.test]
            case ast.comprehension():
                tests = node.ifs
            case ast.BoolOp():
                tests = node.values
            case ast.UnaryOp(op=ast.Not()):
                tests = [node.operand]
        for test in tests:
            vars(test)["is_test"] = True


def list_replacements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the mutants of one node. Each replaces the node."""
    for base in type(node).__mro__:
        if mutate := _MUTATORS.get(base):
            yield from mutate(node)


def _copy(node: ast.AST, **changes: object) -> ast.AST:
    mutant = deepcopy(node)
    for name, value in changes.items():
        setattr(mutant, name, value)
    return mutant


def _mutate_comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for index, operator in enumerate(node.ops):
        is_boundary = isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
        others = _COMPARISONS[type(operator)]
        for other in others if not hasattr(node, "is_test") else others[:is_boundary]:
            yield _copy(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])


def _mutate_bool_operation(node: ast.BoolOp) -> Iterator[ast.AST]:
    for index in range(len(node.values)):
        rest = node.values[:index] + node.values[index + 1 :]
        yield rest[0] if len(rest) == 1 else _copy(node, values=rest)


def _mutate_not(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.USub) or (isinstance(node.op, ast.Not) and not hasattr(node, "is_test")):
        yield node.operand


def _mutate_arithmetic(node: ast.BinOp) -> Iterator[ast.AST]:
    if is_number(node):
        yield from (ast.BinOp(node, operator, ast.Constant(1)) for operator in (ast.Add(), ast.Sub()))
    elif other := _ARITHMETIC.get(type(node.op)):
        yield _copy(node, op=other())
    elif isinstance(node.op, ast.BitOr | ast.BitAnd):
        yield from (node.left, node.right)


def _mutate_test(node: ast.If | ast.IfExp | ast.While) -> Iterator[ast.AST]:
    yield _copy(node, test=ast.Constant(False))
    if not isinstance(node, ast.While):
        yield _copy(node, test=ast.Constant(True))


def _mutate_filter(node: ast.comprehension) -> Iterator[ast.AST]:
    for index in range(len(node.ifs)):
        yield _copy(node, ifs=node.ifs[:index] + node.ifs[index + 1 :])


def _mutate_constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield from (ast.Constant(node.value + 1), ast.Constant(node.value - 1))
    elif isinstance(node.value, str):
        texts = conditions.list_mutants(node.value) if conditions.is_condition(node.value) else iter([f"{node.value}~"])
        yield from map(ast.Constant, texts)


def _mutate_text(node: ast.JoinedStr) -> Iterator[ast.AST]:
    """Yield mutants of a condition with placeholders. The texts of other f-strings are nodes of their own."""
    text = join_text(node)
    for mutant in conditions.list_mutants(text) if conditions.is_condition(text) else ():
        parts = _PLACEHOLDER.split(mutant)
        values = [node.values[int(part)] if index % 2 else ast.Constant(part) for index, part in enumerate(parts)]
        yield _copy(node, values=values)


def _mutate_call(node: ast.Call) -> Iterator[ast.AST]:
    for index in range(len(node.keywords)):
        yield _copy(node, keywords=node.keywords[:index] + node.keywords[index + 1 :])


def _mutate_dict(node: ast.Dict) -> Iterator[ast.AST]:
    for index in range(len(node.keys)):
        keys, values = node.keys, node.values
        yield _copy(node, keys=keys[:index] + keys[index + 1 :], values=values[:index] + values[index + 1 :])


def _mutate_elements(node: ast.Tuple | ast.List | ast.Set) -> Iterator[ast.AST]:
    if (
        len(node.elts) > 1
        and not hasattr(node, "is_unpacked")
        and all(isinstance(element, ast.Constant | ast.Attribute | ast.Name) for element in node.elts)
    ):
        for index in range(len(node.elts)):
            yield _copy(node, elts=node.elts[:index] + node.elts[index + 1 :])


def _mutate_statement(node: ast.stmt) -> Iterator[ast.AST]:
    """Remove a statement that acts. The removal of an assignment would only be a NameError."""
    if isinstance(node, ast.Expr | ast.Raise | ast.AugAssign | ast.Break):
        yield ast.Pass()


_MUTATORS: dict[type[ast.AST], Callable[..., Iterator[ast.AST]]] = {
    ast.Compare: _mutate_comparison,
    ast.BoolOp: _mutate_bool_operation,
    ast.UnaryOp: _mutate_not,
    ast.BinOp: _mutate_arithmetic,
    ast.If: _mutate_test,
    ast.IfExp: _mutate_test,
    ast.While: _mutate_test,
    ast.comprehension: _mutate_filter,
    ast.Constant: _mutate_constant,
    ast.JoinedStr: _mutate_text,
    ast.Call: _mutate_call,
    ast.Dict: _mutate_dict,
    ast.Tuple: _mutate_elements,
    ast.List: _mutate_elements,
    ast.Set: _mutate_elements,
    ast.stmt: _mutate_statement,
}


def is_number(node: ast.AST) -> bool:
    """Return whether an expression has only numbers, as `24 * 60 * 60` does. Its mutants are those of its value."""
    parts = [part for part in ast.walk(node) if not isinstance(part, ast.operator)]
    return all(isinstance(part, ast.BinOp) or isinstance(getattr(part, "value", None), int) for part in parts)


def join_text(node: ast.JoinedStr) -> str:
    """Return the text of an f-string, with a mark for each placeholder."""
    parts = enumerate(node.values)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else f"\0{index}\0" for index, part in parts)


def has_condition(node: ast.AST) -> bool:
    """Return whether code contains a condition expression."""
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    texts += [join_text(part) for part in ast.walk(node) if isinstance(part, ast.JoinedStr)]
    return any(isinstance(text, str) and conditions.is_condition(text) for text in texts)
