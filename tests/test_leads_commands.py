"""``relay leads`` fills the index of what leads are known by, and ``relay event`` tells by what a lead was found."""

from __future__ import annotations

import csv
import re
import shlex
from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from relay.commands.lead_file import check_text, rows_of
from relay.commands.stand_ins import AnySecret
from relay.embedded import EmbeddedRedis
from relay.errors import CommandError
from relay.model import Name, State
from relay.rulebook.hook_file import Known, read_hook
from relay.senders import ABOUT
from relay.store import Store
from tests.desk import ANA, EVA, ROOT, Desk, desk_over, on_a_terminal
from tests.far_crm import matched, update

IDA = "1d1d6679-7425-40de-944b-e07fc1f90ae9"
PHONE = Name("phone", "+56987654321")
MAIL = Name("email", "ana@example.cl")


@pytest.fixture
def desk(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    return desk_over(store, redis_server.url, tmp_path)


def park(desk: Desk, id: str, *names: Name) -> str:
    return desk.world.store.door.accept([matched(id, names, update(title=id))])[0].id


def found(desk: Desk, name: Name, destination: str = "default") -> list[str]:
    return desk.world.store.names.resolve(destination, [name])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (f"lead_id,phone,email,external_id\n{ANA},+56 9 8765 4321,Ana@Example.CL,meta:1\n", "utf-8"),
        (f"Email;EXTERNAL_ID;nota;Phone;ID\nana@example.cl;meta:1;Ñuñoa;987654321;{ANA.upper()}\n", "utf-8-sig"),
        (f'external id\tphone\temail\tlead-id\r\n"meta:1"\t9 8765-4321\tana@example.cl\t{ANA}\r\n\r\n', "utf-8"),
    ],
    ids=["commas", "semicolons in any order, after a BOM", "tabs"],
)
def test_a_file_teaches_what_leads_are_known_by(desk: Desk, tmp_path: Path, text: str, encoding: str) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(text, encoding=encoding)

    done = desk.relay("leads", "import", str(file))

    assert (done.stdout, done.stderr, done.returncode) == ("1 lead learnt\n", "", 0)
    for name in (PHONE, MAIL, Name("external_id", "meta:1")):
        assert found(desk, name) == [ANA]


BAD = f"""lead_id,phone,email
{ANA},12,ana@example.cl
nobody,+56987654321,
,+56987654321,
{EVA},,
{EVA},,"eva @example.cl"
{EVA},+56976543210,eva@example.cl,more
{EVA},"+56 9
7654 3210",eva@example.cl
"""


def test_bad_lines_are_told_without_their_values_and_the_rest_is_learnt(desk: Desk, tmp_path: Path) -> None:
    file, bad = tmp_path / "leads.csv", tmp_path / "bad.csv"
    file.write_text(BAD)

    done = desk.relay("leads", "import", str(file), "--bad", str(bad))

    lines = [
        ["2", "its phone is not a phone number of CL"],
        ["3", "its lead_id is no UUID"],
        ["4", "it has no lead_id"],
        ["5", "it has no phone and no email"],
        ["6", "its email is not an e-mail address"],
        ["7", "has 4 cells under 3 columns"],
    ]
    assert done.stderr.splitlines()[:-1] == [f"line {line}: {words}" for line, words in lines]
    assert done.stderr.splitlines()[-1] == f"6 bad lines, all of them in {bad}"
    assert list(csv.reader(bad.read_text().splitlines())) == [["line", "wrong"], *lines]
    assert (done.stdout, done.returncode) == ("2 leads learnt\n", 3)
    assert found(desk, MAIL) == [ANA]
    assert found(desk, Name("email", "eva@example.cl")) == [EVA]
    assert found(desk, PHONE) == []


def test_a_screen_shows_twenty_bad_lines_and_json_all(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("id,email\n" + f"{ANA},none\n" * 25)

    shown = desk.relay("leads", "import", str(file)).stderr.splitlines()
    told = desk.json("leads", "import", str(file))

    assert (len(shown), shown[-1]) == (21, "25 bad lines: --bad FILE.csv lists all")
    assert (told["learnt"], told["bad"], told["parked_gone_on"]) == (0, 25, 0)
    assert [one["line"] for one in told["bad_lines"]] == list(range(2, 27))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "is empty; name the columns in its first line: lead_id, and phone, email or external_id"),
        (b"name,phone\nAna,1\n", "lacks columns; name the columns in its first line"),
        (b"id,nombre\nx,Ana\n", "lacks columns"),
        (b"id,phone,Phone\n", "has the column phone twice; leave one out"),
        ("id,email\n1,a@b.cl\n2,ñ@b.cl\n".encode("latin-1"), "from line 1 on it is not UTF-8; save it as CSV in UTF-8"),
        ("id,email\n".encode("utf-16"), "from line 1 on it is not UTF-8"),
        (
            b'id,email\n1,"a@b.cl\n',
            "line 2: is no CSV: unexpected end of data; mend it and import the whole file again",
        ),
    ],
)
def test_a_file_that_can_not_be_used_is_refused_with_exit_code_2(
    desk: Desk, tmp_path: Path, content: bytes, error: str
) -> None:
    file = tmp_path / "leads.csv"
    file.write_bytes(content)

    done = desk.relay("leads", "import", str(file))

    assert done.stderr.startswith(f"{file}: {error}")
    assert (done.stdout, done.returncode) == ("", 2)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["import", "nowhere.csv"], "nowhere.csv: can't be read: No such file or directory"),
        (["import", "nowhere.csv", "--destination", "acm"], "--destination: unknown 'acm'; did you mean 'acme'?"),
        (["import", "nowhere.csv", "--region", "XX"], "--region: 'XX' is no country"),
        (["link", "phone:987654321", ANA], "phone: must have its country code, as in phone:+56912345678"),
        (["link", "fone:987654321", ANA], "NAME: must begin with phone:, email:, external_id:; did you mean 'phone'?"),
        (["link", "987654321", ANA], "NAME: must begin with phone:, email:, external_id:\n"),
        (["link", "email:none", ANA], "email: is not an e-mail address"),
        (["link", "email:a@b.cl", "12"], "LEAD_ID: a lead's id must be a UUID, as the lead API gives it"),
        (["show", "external_id:"], "external_id: must be of 1 to 200 characters"),
    ],
)
def test_what_is_wrong_with_a_command_is_said_without_the_value(desk: Desk, words: list[str], error: str) -> None:
    acme = {"LEADS_API_URL__ACME": "http://acme", "LEADS_API_KEY__ACME": "k"}

    done = Desk(desk.world, {**desk.environment, **acme}).relay("leads", *words)

    assert done.stderr.startswith(error)
    assert (done.stdout, done.returncode) == ("", 2)


def test_what_waits_for_an_imported_lead_goes_on(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(f"id,phone,email\n{ANA},+56987654321,\n{EVA},,eva@example.cl\n")
    one, other = park(desk, "a", PHONE), park(desk, "b", PHONE, MAIL)
    still = park(desk, "c", Name("email", "ida@example.cl"))

    done = desk.relay("leads", "import", str(file))

    assert done.stdout == "2 leads learnt\n2 parked events went on\n"
    assert [desk.world.state(id) for id in (one, other, still)] == [State.IN_FLIGHT, State.IN_FLIGHT, State.PARKED]
    facts = [line.split(maxsplit=2) for line in desk.relay("event", other).stdout.splitlines()]
    assert ["found", "by", f"phone:{PHONE.value}, email:{MAIL.value}"] in [
        [*one[:2], one[-1].rstrip()] for one in facts if one
    ]
    told = desk.json("event", still)
    assert (told["names"], told["found_by_name"]) == ([{"kind": "email", "value": "ida@example.cl"}], False)
    assert "looked for by  email:ida@example.cl" in desk.relay("event", still).stdout


def test_a_person_decides_which_lead_a_name_means_and_that_is_noted(desk: Desk) -> None:
    names = desk.world.store.names
    names.learn("default", [(ANA, [PHONE]), (EVA, [PHONE])])
    event = park(desk, "a", PHONE)
    both = desk.relay("leads", "show", f"phone:{PHONE.value}")
    assert sorted(both.stdout.splitlines()[:2]) == sorted([ANA, EVA])
    assert both.stdout.splitlines()[2].startswith("several leads")

    done = desk.relay("leads", "link", "phone:+56 9 8765 4321", EVA.upper(), "--who", "ana")

    assert done.stdout == f"this phone means lead {EVA} from now on\n1 parked event went on\n"
    assert desk.world.state(event) is State.IN_FLIGHT
    assert desk.relay("leads", "show", f"phone:{PHONE.value}").stdout == f"{EVA}\n"
    (act,) = desk.world.store.acts.last(1)
    assert (act.who, act.what, act.about, act.why) == ("ana", "link", EVA, "by its phone")


def test_a_name_that_is_not_known_is_said_with_exit_code_3(desk: Desk) -> None:
    asked = desk.relay("leads", "show", f"email:{MAIL.value}")

    assert (asked.stdout, asked.stderr, asked.returncode) == ("", "no lead is known for this email\n", 3)
    assert desk.json("leads", "show", f"email:{MAIL.value}") == {"kind": "email", "destination": "default", "leads": []}


def test_each_destination_has_leads_of_its_own(desk: Desk, tmp_path: Path) -> None:
    acme = {"LEADS_API_URL__ACME": "http://acme", "LEADS_API_KEY__ACME": "k"}
    there = Desk(desk.world, {**desk.environment, **acme})
    file = tmp_path / "leads.csv"
    file.write_text(f"id,email\n{IDA},ana@example.cl\n")

    there.relay("leads", "import", str(file), "--destination", "acme")

    assert (found(desk, MAIL), found(desk, MAIL, "acme")) == ([], [f"acme/{IDA}"])
    assert there.relay("leads", "show", "email:ana@example.cl", "--destination", "acme").stdout == f"acme/{IDA}\n"


def test_an_import_shows_how_far_it_is_on_a_terminal(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("id,email\n" + f"{ANA},ana@example.cl\n" * 3_000)

    with on_a_terminal(desk, "leads", "import", str(file)) as (process, said):
        shown = "".join(said)

    assert "learning" in shown
    assert "3,000 leads learnt" in shown
    assert process.returncode == 0


def test_a_file_is_read_line_by_line_however_long_it_is(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("id,phone\n" + f"{ANA},+56987654321\n" * 1_000)
    told: list[int] = []

    check_text(file)
    rows = rows_of(file, "CL", passed=told.append)

    assert next(rows).line == 2
    assert next(rows).line == 3
    assert 0 < told[0] < file.stat().st_size


def test_a_line_that_never_ends_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text('id,phone\n1,"' + "\n" * 200_000)

    with pytest.raises(CommandError, match="line 2: is no CSV: field larger than field limit"):
        list(rows_of(file, "CL"))


DOC = (ROOT / "docs" / "leads.md").read_text(encoding="utf-8")


def test_every_command_of_the_page_on_leads_works_as_it_stands(desk: Desk) -> None:
    desk.world.store.names.learn("default", [(EVA, [PHONE]), (IDA, [PHONE])])
    body = (ROOT / "rules" / "cotiza" / "full.json").read_bytes()
    desk.world.store.door.accept([replace(matched("a", [PHONE], update(title="x")), body=body)])
    secrets = {about.variable: "s" for about in ABOUT.values()}
    there = Desk(desk.world, {**desk.environment, **secrets})
    blocks = re.findall(r"^```console\n(.*?)^```", DOC, flags=re.MULTILINE | re.DOTALL)
    commands = [line.removeprefix("$ relay ") for block in blocks for line in block.splitlines()]

    done = [(words, there.relay(*shlex.split(words))) for words in commands]

    assert len(done) == 6
    assert [(words, one.stderr) for words, one in done if one.returncode] == []


def test_every_hook_file_of_the_page_on_leads_loads() -> None:
    blocks = re.findall(r"^<!-- a hook file -->\n```yaml\n(.*?)^```", DOC, flags=re.MULTILINE | re.DOTALL)
    known = Known(environment=AnySecret({}), senders=ABOUT, destinations=("default",))

    assert [read_hook(PurePath("h.yaml"), block.encode(), known)[1] for block in blocks] == [(), (), ()]
    assert len(blocks) == DOC.count("```yaml")


def test_an_event_says_what_is_to_be_fetched_for_it_and_what_was(desk: Desk) -> None:
    one = matched("a", [], update(title="x"))
    waits = replace(one, mapped=replace(one.mapped, updates=(), fetch="1029", reason=None))
    got = replace(matched("b", [PHONE], update(title="x")), fetched=b"12345")
    first, second = [one.id for one in desk.world.store.door.accept([waits, got])]

    assert "to be fetched at typeform, which calls them 1029" in desk.relay("event", first).stdout
    assert desk.json("event", first)["fetch"] == "1029"
    assert "fetched at typeform: 5 bytes" in desk.relay("event", second).stdout
