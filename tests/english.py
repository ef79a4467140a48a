"""What our sources say to people: every sentence in the code, with … for what stands there when it is said.

Sources are read, not run: a text is followed through conditions, names of its function and of its module, and the
functions that it calls, as far as these are plain. What can't be followed is a hole.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

from relay.grouping import GAP

ROOT = Path(__file__).parent.parent
MOST, DEEPEST = 400, 16
#: Two words beside one another: what has none is a name, a key or a format.
PROSE = re.compile(r"[a-z]{2,},? [a-z]{2,}|[a-z]{2,} …|… [a-z]{2,}")
#: Calls whose texts nobody is told as a sentence: patterns, logs, scripts, and what the catalogues have already.
OTHERWISE = {"compile", "N_", "_", "ngettext", "gettext", "words", "info", "warning", "error", "exception", "debug"}
#: Those that look for a text, or keep it from everybody.
OTHERWISE |= {"replace", "removesuffix", "removeprefix", "startswith", "ValueError", "_cure"}


@dataclass(frozen=True)
class Sentence:
    """One place of the sources, and all that it can say."""

    file: str
    line: int
    texts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass
class Module:
    """One source file, as far as its texts need it."""

    path: Path
    tree: ast.Module
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    #: Where a name comes from: module and name there.
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)


@cache
def module_of(path: Path) -> Module:
    tree = ast.parse(path.read_text())
    module = Module(path, tree)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            module.parents[child] = node
        if isinstance(node, ast.FunctionDef):
            module.functions.setdefault(node.name, node)
        if isinstance(node, ast.ImportFrom) and node.module:
            module.imports |= {one.asname or one.name: (node.module, one.name) for one in node.names}
    for one in tree.body:
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        if isinstance(one, (ast.Assign, ast.AnnAssign)) and one.value is not None:
            module.constants |= {target.id: one.value for target in targets if isinstance(target, ast.Name)}
    return module


def named_module(name: str) -> Module | None:
    path = ROOT / f"{name.replace('.', '/')}.py"
    path = path if path.exists() else ROOT / name.replace(".", "/") / "__init__.py"
    return module_of(path) if path.exists() else None


@dataclass
class Reading:
    """Follows the texts of one module, and keeps which of its nodes were part of another's text."""

    module: Module
    used: set[ast.AST] = field(default_factory=set)
    #: What a function that is followed was called with, by the names of its arguments.
    given: dict[str, list[str]] = field(default_factory=dict)
    #: Names that are being followed: one may be set by means of itself.
    open: set[str] = field(default_factory=set)

    def texts(self, node: ast.AST | None, depth: int = 0) -> list[str]:
        """Give all that an expression can say."""
        found = self._texts(node, depth) if depth < DEEPEST else [GAP]
        return list(dict.fromkeys(found))[:MOST]

    def _texts(self, node: ast.AST | None, depth: int) -> list[str]:  # noqa: PLR0911 -- a case for each kind
        self.used.add(node) if depth and node is not None else None
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                return self.joined(parts, depth)
            case ast.FormattedValue(value=value, conversion=conversion, format_spec=spec):
                return [GAP] if conversion > 0 or spec is not None else self.texts(value, depth + 1)
            case ast.IfExp(body=first, orelse=second):
                return self.texts(first, depth + 1) + self.texts(second, depth + 1)
            case ast.BoolOp(values=[*parts, last]):
                return [text for part in parts for text in self.texts(part, depth + 1) if text] + self.texts(
                    last, depth
                )
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.joined([left, right], depth)
            case ast.Subscript(value=ast.Name(id=name)) if isinstance(self.module.constants.get(name), ast.Dict):
                return [text for one in self.module.constants[name].values for text in self.texts(one, depth + 1)]
            case ast.Name(id=name):
                return self.of_name(node, name, depth)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.of_call(name, args, depth)
        return [GAP]

    def joined(self, parts: Iterable[ast.AST], depth: int) -> list[str]:
        every = [self.texts(part, depth + 1) for part in parts]
        return [re.sub(f"{GAP}+", GAP, "".join(one)) for one, _ in zip(product(*every), range(MOST), strict=False)]

    def of_name(self, node: ast.AST, name: str, depth: int) -> list[str]:
        """Give what is assigned to a name within its function, else what it was called with, else of its module."""
        if name in self.given:
            return self.given[name]
        values = self.values_before(node, name)
        if name in self.open:
            values = [value for value in values if not any(names(one, name) for one in ast.walk(value))]
        if not values and isinstance(self.module.constants.get(name), (ast.Constant, ast.JoinedStr, ast.BinOp)):
            values = [self.module.constants[name]]
        was_open = name in self.open
        self.open.add(name)
        found = [text for value in values for text in self.texts(value, depth + 1)]
        if not was_open:
            self.open.discard(name)
        return found or [GAP]

    def values_before(self, node: ast.AST, name: str) -> list[ast.AST]:
        """Give what a name may stand for: what the innermost block that sets it has set it to before."""
        for block in self.blocks(node):
            values: list[ast.AST] = []
            for one in block:
                found = [value for target, value in assignments(one) if target == name]
                # Only within a condition or a loop may what it was before be left.
                values = found if found and isinstance(one, ast.Assign) else values + found
            if values:
                return values
        return []

    def blocks(self, node: ast.AST) -> Iterator[list[ast.stmt]]:
        """Give the statements before a node in each block that it is in, the innermost first, up to its function."""
        below: ast.AST = node
        while not isinstance(below, ast.FunctionDef) and (above := self.module.parents.get(below)):
            for _, block in ast.iter_fields(above):
                if isinstance(block, list) and below in block and isinstance(below, ast.stmt):
                    yield block[: block.index(below)]
            below = above

    def of_call(self, name: str, args: Sequence[ast.expr], depth: int) -> list[str]:
        """Give what a function of ours returns, where it returns texts."""
        module, function = self.module, self.module.functions.get(name)
        if function is None and name in self.module.imports:
            source, name = self.module.imports[name]
            other = named_module(source)
            module, function = (other, other.functions.get(name)) if other else (module, None)
        if function is None or not (isinstance(function.returns, ast.Name) and function.returns.id == "str"):
            return [GAP]
        parameters = [one.arg for one in function.args.args]
        given = {one: self.texts(value, depth + 1) for one, value in zip(parameters, args, strict=False)}
        reading = Reading(module, self.used, given)
        returned = [one.value for one in ast.walk(function) if isinstance(one, ast.Return)]
        return [text for one in returned for text in reading.texts(one, depth + 1)] or [GAP]


def names(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def assignments(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """Give every assignment in a statement and below it."""
    for one in ast.walk(statement):
        if isinstance(one, ast.Assign):
            yield from targets_of(one)


def targets_of(node: ast.Assign) -> Iterator[tuple[str, ast.AST]]:
    """Give the names of an assignment, each with its value; ``a, b = 1, 2`` gives two."""
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for one, value in zip(target.elts, node.value.elts, strict=False):
                if isinstance(one, ast.Name):
                    yield one.id, value


def english(path: Path, root: Path = ROOT) -> list[Sentence]:
    """Give every sentence of a source file that is not part of another one."""
    module = module_of(path)
    reading = Reading(module)
    found = [
        (node, tuple(text for text in reading.texts(node) if PROSE.search(text)))
        for node in ast.walk(module.tree)
        if is_text(node) and not is_inner(node, module) and not is_otherwise(node, module)
    ]
    name = path.relative_to(root).as_posix()
    return [
        Sentence(name, getattr(node, "lineno", 0), texts) for node, texts in found if texts and node not in reading.used
    ]


def is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [side for one in (node.left, node.right) for side in (one, *ast.iter_child_nodes(one))]
        return any(is_text(side) for side in sides if not isinstance(side, ast.expr_context))
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def is_inner(node: ast.AST, module: Module) -> bool:
    """Whether it is a piece of a greater text, a docstring, or looked for."""
    parent = module.parents.get(node)
    key = isinstance(parent, ast.Dict) and node in parent.keys
    return key or isinstance(parent, (ast.JoinedStr, ast.FormattedValue, ast.Expr, ast.Compare))


def is_otherwise(node: ast.AST, module: Module) -> bool:
    """Whether it stands in a call that makes no sentence of it."""
    parent = module.parents.get(node)
    while isinstance(parent, (ast.expr, ast.keyword)):
        if isinstance(parent, ast.Call):
            name = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
            if name in OTHERWISE and not (name == "words" and isinstance(parent, ast.keyword)):
                return True
        parent = module.parents.get(parent)
    return False
