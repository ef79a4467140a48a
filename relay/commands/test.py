"""``relay test``: the example events of the hook files, held to what was recorded of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.text import Text

from relay import rulebook, settings, trials
from relay.commands.exit_codes import NOTHING, WRONG
from relay.commands.screen import counted, errors, out, print_json
from relay.commands.stand_ins import AnySecret
from relay.commands.tables import Column, fitting
from relay.errors import Problem
from relay.hooks import Hook
from relay.model import Json
from relay.senders import ABOUT
from relay.trials import Deviation, Recorded, Standing, Verdict

COLUMNS = (
    Column(name="field", least=12, folds=True),
    Column(name="recorded", least=12, folds=True),
    Column(name="now", least=12, folds=True),
    Column(name="set by", least=16, folds=True),
)
#: So many hooks are named in a hint.
MOST_NAMED = 5
NOT_THERE = Text("nothing", "dim")

RulesOption = Annotated[Path | None, typer.Option("--rules", help="Folder of hook files; RELAY_RULES unless given.")]


def run_examples(
    hooks: Annotated[list[str] | None, typer.Argument(metavar="[HOOK]...", help="Hooks; all unless given.")] = None,
    rules: RulesOption = None,
    record: Annotated[bool, typer.Option("--record", help="Write down what the rules make of them now.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run the hooks' example events and show what differs, from what was recorded of them; exit code 1 when any does.

    An example is rules/cotiza/full.json, an event as its sender sends it; what the rules are to make of it stands in
    rules/cotiza/full.expected.yaml, which --record writes. Neither secrets nor a relay are needed.
    """
    now = settings.load()
    loaded, problems = rulebook.check(
        rules or now.rules,
        environment=AnySecret(now.environment),
        senders=ABOUT,
        destinations=rulebook.Whatever(),
    )
    chosen, broken = those_meant(hooks or [], loaded, rulebook.faults_among(problems))
    # A whole second, as it will stand in the file.
    moment = time.time_ns() // 1_000_000_000 * 1000
    verdicts = [one for hook in chosen for one in trials.judged(hook, now_ms=moment)]
    done = [trials.record(one) for one in verdicts] if record else []
    if as_json:
        print_json({"examples": [as_told(one, done) for one in verdicts], "faults": [str(one) for one in broken]})
    else:
        show(verdicts, done, record=record)
        for fault in broken:
            errors.print(Text(str(fault), style="red"))
    if code := exit_code(verdicts, done, broken, record=record):
        raise typer.Exit(code)


def those_meant(
    names: Sequence[str], loaded: dict[str, Hook], faults: Sequence[Problem]
) -> tuple[list[Hook], Sequence[Problem]]:
    """Give the hooks that are named, or all, with the faults of those that can't be loaded."""
    if not names:
        return list(loaded.values()), faults
    broken = {Path(fault.file).stem for fault in faults}
    for name in names:
        if name not in loaded and name not in broken:
            near = get_close_matches(name, loaded, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(loaded) or 'none'}"
            errors.print(Text(f"hook '{name}': has no file; {hint}", style="red"))
            raise typer.Exit(WRONG)
    meant = [fault for fault in faults if Path(fault.file).stem in names]
    return [loaded[name] for name in dict.fromkeys(names) if name in loaded], meant


def exit_code(verdicts: Sequence[Verdict], done: Sequence[Recorded], faults: Sequence[Problem], *, record: bool) -> int:
    if faults:
        return WRONG
    if not verdicts:
        return NOTHING
    failed = any(one.done == "left" for one in done) if record else any(one.failed for one in verdicts)
    return 1 if failed else 0


def show(verdicts: Sequence[Verdict], done: Sequence[Recorded], *, record: bool) -> None:
    for verdict in verdicts:
        show_one(verdict, record=record)
    if not verdicts:
        errors.print("no example event; put one beside its hook file, as rules/cotiza/full.json")
    else:
        out.print(recorded_summary(done) if record else summary(verdicts))


def show_one(verdict: Verdict, *, record: bool) -> None:
    """Show how one example differs; of one that does not there is nothing to be said."""
    if verdict.standing is Standing.AS_RECORDED:
        return
    if verdict.standing is Standing.NOT_RECORDED:
        done = "recorded for the first time" if record else "nothing is recorded of it"
        out.print(Text(f"{verdict.example.as_posix()}: {done}", "green" if record else "yellow"))
        return
    if verdict.words:
        errors.print(Text(f"{verdict.recorded.as_posix()}:{verdict.line}: {verdict.words}", style="red"))
        return
    many = counted(len(verdict.deviations), "difference")
    out.print(Text.assemble((verdict.recorded.as_posix(), "bold"), f": {many}"))
    out.print(fitting(COLUMNS, (list(cells(one, verdict)) for one in verdict.deviations)))


def cells(one: Deviation, verdict: Verdict) -> Iterator[Text]:
    yield Text(one.what)
    yield value_of(one.recorded, "red")
    yield value_of(one.made, "green")
    yield Text(place_of(one, Path(verdict.hook.file)))


def value_of(value: object, style: str) -> Text:
    return NOT_THERE if value is ... else Text(quoted(value), style)


def quoted(value: object) -> str:
    return repr(value) if isinstance(value, str) else orjson.dumps(value).decode()


def place_of(one: Deviation, file: Path) -> str:
    """Say which rule and line set a value, or which could have, and why it did not."""
    where = f"{file.name}:{one.rule_line}" if one.rule_line else ""
    return ", ".join(part for part in (one.rule, where, one.words) if part)


def summary(verdicts: Sequence[Verdict]) -> str:
    parts = [f"{count_of(verdicts, Standing.AS_RECORDED)} as recorded"]
    for standing in (Standing.DIFFERS, Standing.UNREADABLE, Standing.NO_EXAMPLE, Standing.NOT_RECORDED):
        if number := count_of(verdicts, standing):
            parts.append(f"{number} {SAID[standing]}")
    without = dict.fromkeys(one.hook.name for one in verdicts if one.standing is Standing.NOT_RECORDED)
    names = " ".join(without) if len(without) <= MOST_NAMED else ""
    hint = f": write it down with relay test --record {names}".rstrip() if without else ""
    return f"{counted(len(verdicts), 'example')}: {', '.join(parts)}{hint}"


SAID = {
    Standing.DIFFERS: "different",
    Standing.UNREADABLE: "not readable",
    Standing.NO_EXAMPLE: "recorded without an example",
    Standing.NOT_RECORDED: "not recorded",
}


def count_of(verdicts: Sequence[Verdict], standing: Standing) -> int:
    return sum(one.standing is standing for one in verdicts)


def recorded_summary(done: Sequence[Recorded]) -> str:
    number = {what: sum(one.done == what for one in done) for what in ("new", "changed", "unchanged", "left")}
    told = [f"{many} {'left as it was' if what == 'left' else what}" for what, many in number.items() if many]
    return f"{counted(len(done), 'example')}: {', '.join(told)}"


def as_told(one: Verdict, done: Sequence[Recorded]) -> dict[str, Json]:
    """Give one example for a script."""
    what = next((each.done for each in done if each.verdict is one), "")
    return {
        "hook": one.hook.name,
        "example": one.example.as_posix(),
        "recorded": one.recorded.as_posix(),
        "standing": one.standing.value,
        "words": one.words,
        "line": one.line,
        "differences": [deviation_json(each) for each in one.deviations],
        **({"done": what} if what else {}),
    }


def deviation_json(one: Deviation) -> dict[str, Json]:
    """Give one difference; a value that is not there has no key."""
    values: dict[str, Json] = {}
    for name, value in (("recorded", one.recorded), ("now", one.made)):
        if value is not ...:
            values[name] = value  # type: ignore[assignment]
    told: dict[str, Json] = {"rule": one.rule, "rule_line": one.rule_line, "words": one.words}
    return {"field": one.what, "line": one.line, **values, **told}
