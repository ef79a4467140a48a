"""The table of commands: what it says of each is true, none is missing, and a list of them loads none."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from types import FunctionType

import pytest
import typer

from relay import commands
from relay.cli import COMMANDS, ELSEWHERE, loaded

#: What a list of commands has no use for, and what takes its time to load.
SLOW = ("flask", "werkzeug", "redis", "rq", "requests", "urllib3", "jinja2", "phonenumbers", "ruamel", "rich.console")
#: Modules that hold a function of their own name, which is none.
NO_COMMANDS = {"follow"}
WIDTH = 80
#: Two blanks before a name, two behind the longest one.
ROOM = WIDTH - 4 - max(map(len, COMMANDS))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_its_own_help_begins_with(name: str) -> None:
    words, said = COMMANDS[name], " ".join((loaded(name).help or "").split())

    assert said.startswith(words)
    assert said[len(words)] in ".,;:"
    assert len(words) <= ROOM


def test_every_module_that_holds_a_command_of_its_name_is_in_the_table() -> None:
    names = [one.name for one in pkgutil.iter_modules(commands.__path__)]
    held = {name: getattr(import_module(f"relay.commands.{name}"), name, None) for name in names}

    found = {name for name, one in held.items() if isinstance(one, FunctionType | typer.Typer)}

    assert found - NO_COMMANDS == set(COMMANDS) - set(ELSEWHERE)


@pytest.mark.parametrize("words", [["--help"], ["evnts"]])
def test_a_list_of_commands_loads_none_of_them(words: list[str]) -> None:
    code = "import sys\nfrom relay.cli import app\ntry:\n    app({}, prog_name='relay')\nexcept SystemExit:\n    pass\n"
    code += "print([one for one in {} if one in sys.modules])"

    done = run(code.format(words, SLOW))

    assert done.stdout.splitlines()[-1] == "[]", done.stderr


#: Loads libraries once, then each module of a command in a process of its own that has loaded none of ours.
EACH_ALONE = """
import importlib, os, sys
for library in {libraries}:
    importlib.import_module(library)
for module in {modules}:
    assert "relay" not in sys.modules
    if (process := os.fork()) == 0:
        importlib.import_module(f"relay.commands.{{module}}")
        os._exit(0)
    if os.waitpid(process, 0)[1]:
        print(module)
"""


def test_each_command_loads_what_it_needs_itself() -> None:
    """Elsewhere in the tests commands are forked off a process that has loaded the rest of the relay already."""
    modules = sorted({module for module, _ in ELSEWHERE.values()} | (set(COMMANDS) - set(ELSEWHERE)))

    done = run(EACH_ALONE.format(libraries=SLOW, modules=modules))

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
