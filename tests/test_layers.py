"""The house plan, held over every module: who may import whom, which library stands where, and what names say."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import relay

ROOT = Path(relay.__file__).parent.parent

LAYERS = {
    "words": ["model", "sending", "hooks", "accounts", "errors", "texts", "lead_fields", "shapes", "spelling"],
    "decisions": [
        "expressions",
        "grouping",
        "identities",
        "mapping",
        "masking",
        "merge",
        "retry",
        "silence",
        "terms",
        "drift",
    ],
    "edges": ["settings", "logs", "rulebook", "senders", "store", "leads_api", "nudge", "beat"],
    "journeys": [
        "receive",
        "noticing",
        "coverage",
        "forms",
        "live_rules",
        "served",
        "backtest",
        "shadow",
        "finding",
        "replay",
        "explain",
        "trials",
        "audit",
        "status",
        "alarms",
        "metrics",
        "timeline",
        "telling",
        "parked",
        "inbox",
        "suspects",
        "cures",
        "refusals",
        "rehearsal",
        "doctor",
        "new_hook",
        "drafts",
        "ops",
        "sandbox",
    ],
    "wiring": ["wiring"],
    "processes": ["embedded", "redis_server", "tether", "parts", "supervisor", "gunicorn_conf"],
    "top": ["cli", "__main__", "commands", "workers"],
}
LAYER_OF = {part: layer for layer, parts in LAYERS.items() for part in parts}
MAY_IMPORT = {
    "words": {"words"},
    "decisions": {"words", "decisions"},
    "edges": {"words", "decisions"},
    "journeys": {"words", "decisions", "edges", "journeys"},
    "wiring": {"words", "decisions", "edges", "journeys"},
    "processes": {"words", "processes"},
    "top": set(LAYERS),
}
#: Edges that know one another, and why.
ALSO = {
    ("leads_api", "settings"),  # an account of the lead API is a setting
    ("gunicorn_conf", "settings"),  # gunicorn's own words come out in the form that is set
    ("nudge", "store"),  # it enqueues what the store has armed
}
LIBRARIES = {
    "flask": {"receive", "ops", "sandbox", "wiring"},
    "werkzeug": {"receive", "ops", "senders"},
    "flask_login": {"ops"},
    "flask_wtf": {"ops"},
    "flask_limiter": {"ops"},
    "limits": {"ops"},
    "argon2": {"ops"},
    "babel": {"ops"},
    "redis": {"store", "wiring", "nudge", "workers"},
    "rq": {"nudge", "workers"},
    "requests": {"leads_api", "senders", "alarms"},
    "structlog": {"logs"},
    "prometheus_client": {"metrics"},
    "urllib3": {"leads_api", "commands", "senders"},
    "jinja2": {"expressions", "ops"},
    "ruamel": {"rulebook"},
    "stdnum": {"expressions"},
    "yaml": {"rulebook"},
    "typer": {"cli", "commands"},
    "rich": {"commands"},
}
#: What a decision can't have: a clock, chance, the machine, or anybody to talk to.
IMPURE = {"time", "random", "secrets", "os", "sys", "socket", "threading", "logging", "asyncio", "subprocess"}
IMPURE |= {"flask", "redis", "rq", "requests", "urllib3"}
CLOCKS = {"now", "utcnow", "today"}
#: Words that name nothing.
EMPTY_WORDS = {"handler", "manager", "processor", "helper", "util", "utils", "payload", "data"}
#: Names that others have given.
GIVEN = {("relay.sandbox.wire", "data_received"), ("relay.sandbox.wire", "data")}  # asyncio.Protocol


def modules() -> list[str]:
    paths = [path for package in ("relay", "workers") for path in (ROOT / package).rglob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return sorted(name.removesuffix(".__init__") for name in names)


def source_of(module: str) -> str:
    path = ROOT.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")


def part_of(module: str) -> str:
    """Name the part of the house that a module belongs to: ``relay.store.events`` belongs to ``store``."""
    package, _, rest = module.partition(".")
    return rest.split(".")[0] if package == "relay" else package


def imports(source: str) -> Iterator[str]:
    """Give the dotted name of everything that is imported."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            whole = node.module in ("relay", "workers")
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if whole else [str(node.module)]


def layer_faults(module: str, source: str) -> Iterator[str]:
    part = part_of(module)
    for name in imports(source):
        other = part_of(name)
        ours = name.split(".")[0] in ("relay", "workers")
        if not ours or other == part or (part, other) in ALSO:
            continue
        if LAYER_OF.get(other) not in MAY_IMPORT[LAYER_OF[part]]:
            yield f"{module} ({LAYER_OF[part]}) imports {name} ({LAYER_OF.get(other)})"


def library_faults(module: str, source: str) -> Iterator[str]:
    for name in imports(source):
        library = name.split(".")[0]
        if part_of(module) not in LIBRARIES.get(library, {part_of(module)}):
            yield f"{module} imports {name}; only {', '.join(sorted(LIBRARIES[library]))} may"


def impurities(module: str, source: str) -> Iterator[str]:
    if LAYER_OF[part_of(module)] not in ("words", "decisions"):
        return
    yield from (f"{module} imports {name}" for name in imports(source) if name.split(".")[0] in IMPURE)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            yield f"{module}:{node.lineno} reads a clock: {ast.unparse(node)}"


def hidden_imports(module: str, source: str) -> Iterator[str]:
    """Find imports inside functions that have no comment beside or above them that says why."""
    lines = source.splitlines()
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                here, above = lines[node.lineno - 1], lines[node.lineno - 2]
                if "#" not in here and not above.lstrip().startswith("#"):
                    yield f"{module}:{node.lineno} imports inside a function and does not say why"


def environment_faults(module: str, source: str) -> Iterator[str]:
    if module == "relay.settings":
        return
    for node in ast.walk(ast.parse(source)):
        read = isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.environb", "os.getenv")
        if read or (isinstance(node, ast.ImportFrom) and node.module == "os"):
            yield f"{module}:{node.lineno} reads the environment; only relay.settings does"


def empty_names(module: str, source: str) -> Iterator[str]:
    for name in (module.rpartition(".")[2], *names_given(source)):
        words = re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", name).lower())
        if EMPTY_WORDS & set(words) and (module, name) not in GIVEN:
            yield f"{module}: the name {name!r} says nothing"


def names_given(source: str) -> Iterator[str]:
    """Give the names that a module itself gives: to functions, classes, arguments, variables, attributes, imports."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case ast.alias(asname=str()):
                yield str(node.asname)


Check = Callable[[str, str], Iterator[str]]
CHECKS: list[Check] = [
    layer_faults,
    library_faults,
    impurities,
    hidden_imports,
    environment_faults,
    empty_names,
]


def test_every_module_stands_in_the_table() -> None:
    strangers = {part_of(module) for module in modules()} - {""} - set(LAYER_OF)

    assert not strangers, "put them into the table here and into the picture in relay/__init__.py"


def test_the_table_names_no_module_that_is_gone() -> None:
    assert set(LAYER_OF) - {part_of(module) for module in modules()} == set()


def test_the_picture_in_the_package_is_this_table() -> None:
    rows = re.findall(r"^(\w+) {2,}(\w.*(?:\n {11}\w.*)*)$", relay.__doc__ or "", re.MULTILINE)

    assert {layer: re.split(r",\s+", names) for layer, names in rows} == LAYERS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_module_keeps_to_the_house_plan(check: Check) -> None:
    placed = [module for module in modules() if part_of(module) in LAYER_OF]

    assert [fault for module in placed for fault in check(module, source_of(module))] == []


@pytest.mark.parametrize(
    ("check", "module", "source", "fault"),
    [
        # The checks find what they are there for.
        (layer_faults, "relay.model", "import relay.merge", "relay.model (words) imports relay.merge (decisions)"),
        (layer_faults, "relay.merge", "from relay import store", "relay.merge (decisions) imports relay.store (edges)"),
        (
            layer_faults,
            "relay.store.door",
            "from relay.settings import load",
            "relay.store.door (edges) imports relay.settings (edges)",
        ),
        (
            layer_faults,
            "relay.receive",
            "def f():\n    from relay.wiring import web",
            "relay.receive (journeys) imports relay.wiring (wiring)",
        ),
        (layer_faults, "relay.wiring", "from workers import run", "relay.wiring (wiring) imports workers.run (top)"),
        (
            layer_faults,
            "relay.embedded",
            "from relay.store import Store",
            "relay.embedded (processes) imports relay.store (edges)",
        ),
        (
            library_faults,
            "relay.store.door",
            "import requests.auth",
            "relay.store.door imports requests.auth; only alarms, leads_api, senders may",
        ),
        (library_faults, "workers.run", "from flask import Flask", "workers.run imports flask; only"),
        (impurities, "relay.retry", "import random", "relay.retry imports random"),
        (impurities, "relay.mapping", "datetime.now(UTC)", "relay.mapping:1 reads a clock: datetime.now"),
        (hidden_imports, "relay.cli", "def f():\n    import json", "relay.cli:2 imports inside a function and"),
        (environment_faults, "relay.wiring", "x = os.environ['A']", "relay.wiring:1 reads the environment; only"),
        (environment_faults, "relay.wiring", "from os import getenv", "relay.wiring:1 reads the environment; only"),
        (
            empty_names,
            "relay.receive",
            "class EventHandler: ...",
            "relay.receive: the name 'EventHandler' says nothing",
        ),
        (empty_names, "relay.receive", "def f(data): ...", "relay.receive: the name 'data' says nothing"),
        (empty_names, "relay.receive", "self.raw_payload = 1", "relay.receive: the name 'raw_payload' says nothing"),
        (empty_names, "relay.utils", "", "relay.utils: the name 'utils' says nothing"),
    ],
)
def test_a_breach_is_found(check: Check, module: str, source: str, fault: str) -> None:
    [found] = check(module, source)

    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("check", "module", "source"),
    [
        (hidden_imports, "relay.cli", "def f():\n    import json  # because it is slow to load"),
        (hidden_imports, "relay.cli", "def f():\n    # Slow to load.\n    import json"),
        (empty_names, "relay.receive", "metadata = handle = 1"),
        (layer_faults, "relay.nudge", "from relay.store.arming import Arming"),
    ],
)
def test_what_is_allowed_is_let_through(check: Check, module: str, source: str) -> None:
    assert list(check(module, source)) == []
