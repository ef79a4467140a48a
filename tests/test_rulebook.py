"""Hook files are loaded whole or refused with every fault in its file and line."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from relay.errors import RuleError
from relay.hooks import Hook
from relay.rulebook import check, load, read_draft
from relay.rulebook.hook_file import Known, read_hook
from relay.senders import ABOUT
from tests.hook_texts import by_line, rule, rules

SENDERS = ABOUT
ENVIRONMENT = {"TYPEFORM_SECRET": "s3cret", "OLD_SECRET": "older", "BLANK": " "}
KNOWN = Known(environment=ENVIRONMENT, senders=SENDERS, destinations=("default", "acme"))

SIGNED = "sender: typeform\nsecrets: [TYPEFORM_SECRET]\n"
HEAD = SIGNED + "lead:\n  id: ${hidden.lead_id}\n"
RULES = "rules:\n  - name: a\n    update: {title: x}\n"
GOOD = HEAD + RULES


def faults_of(text: str | bytes, name: str = "rules/cotiza.yaml") -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    hook, faults = read_hook(PurePath(name), content, KNOWN)
    assert (hook is None) == bool(faults)
    return by_line(faults)


def hook_of(text: str) -> Hook:
    hook, faults = read_hook(PurePath("rules/cotiza.yaml"), text.encode(), KNOWN)
    assert hook, faults
    return hook


def with_update(line: str) -> str:
    return HEAD + "rules:\n  - name: qualified\n    update:\n      " + line.replace("\n", "\n      ") + "\n"


def with_rule(line: str) -> str:
    return HEAD + f"rules:\n  - name: qualified\n    {line}\n    update: {{title: x}}\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("emial: a", "rule 'qualified' sets unknown field 'emial'; did you mean 'email'?"),
        (
            "comuna: a",
            "rule 'qualified' sets unknown field 'comuna'; the fields are first_name, last_name, email, phone, "
            "company, title, source, campaign_id, metadata; anything else goes under metadata",
        ),
        ("metadata.x: 1", "rule 'qualified' sets unknown field 'metadata.x'; write 'x' under metadata"),
        ("phone: +56912345678", "rule 'qualified': phone must be text, not a number; put it in quotes"),
        ("first_name: true", "rule 'qualified': first_name must be text, not true/false; put it in quotes"),
        ("first_name: ''", "rule 'qualified': first_name is empty; leave it out"),
        ("phone: ''", "rule 'qualified': phone is empty; leave it out, or write null to clear it"),
        ("metadata:", "rule 'qualified': metadata must be an object, not null"),
        ("metadata: text", "rule 'qualified': metadata must be an object, not text"),
        ("metadata: {}", "rule 'qualified' has metadata with nothing in it"),
        (
            "metadata: {a: ~}",
            "rule 'qualified': metadata.a is null, and the lead API does not say what that does to a key; "
            "write a text, as in 'ninguno'",
        ),
        ("metadata: {a: .nan}", "rule 'qualified': metadata.a is too large a number"),
        ("metadata: {'': 1}", "rule 'qualified': metadata has a key that is no text"),
        ("title: !secret x", "the tag !secret means nothing here; leave it out, or put the value in quotes"),
        ("phone: ${fields.x | fone}", "rule 'qualified': phone: unknown filter 'fone'; did you mean 'phone'?"),
        ("phone: ${fields.x | int}", "rule 'qualified': phone: unknown filter 'int'; did you mean 'number'?"),
        ("phone: ${field.x}", "rule 'qualified': phone: unknown name 'field'; did you mean 'fields'?"),
        ("phone: ${event.tyme}", "rule 'qualified': phone: unknown name 'event.tyme'; did you mean 'time'?"),
        (
            "phone: ${fields.x is nonsense}",
            "rule 'qualified': phone: unknown test 'is nonsense'; "
            "the tests are defined, missing, true, false, text, number, list",
        ),
        (
            "phone: ${fields.x | phone('CHILE')}",
            "rule 'qualified': phone: filter 'phone': unknown region 'CHILE'; write the two letters of a country",
        ),
        (
            "phone: ${fields.x | phone(fields.pais)}",
            "rule 'qualified': phone: filter 'phone' needs its region written out in quotes",
        ),
        (
            "title: ${fields.x | date('dmyy')}",
            "rule 'qualified': title: filter 'date': unknown order 'dmyy'; did you mean 'dmy'?",
        ),
        (
            "title: ${'a' if fields.x == ''}",
            "rule 'qualified': title: compares with nothing, which never holds; "
            "write 'not fields.x' or 'fields.x is missing'",
        ),
        (
            "title: ${fields.x # y}",
            "rule 'qualified': title has a ${ that is not closed; "
            "put the whole value in quotes if it holds ' #' or ': '",
        ),
        ("title: ${fields['x}", "rule 'qualified': title has a ${ with a quote that is not closed"),
        (
            "metadata: {a: ${fields.x}}",
            "is not YAML: a ${ inside [ ] or { }; put the value in quotes, or write one key on each line",
        ),
        (
            "title: !!python/name:os.system x",
            "the tag tag:yaml.org,2002:python/name:os.system means nothing here; leave it out, "
            "or put the value in quotes",
        ),
        ("\ttitle: x", "is not YAML: a tab; indent with spaces"),
    ],
)
def test_a_fault_of_an_update_is_said_with_its_line(line: str, words: str) -> None:
    assert faults_of(with_update(line)) == [f"rules/cotiza.yaml:8: {words}"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("wen: fields.x", "rule 'qualified' has the unknown key 'wen'; did you mean 'when'?"),
        ("when: fields.x = 3", "rule 'qualified': when: can't be read: unexpected '='; compare with =="),
        ("when: ${fields.x}", "rule 'qualified': when: is an expression already; leave out ${ }"),
        ("when: [a]", "rule 'qualified': when must be text, not a list"),
        ("when: ''", "rule 'qualified': when is empty"),
        ("deliver: alone", "rule 'qualified': deliver must be merged or each, not 'alone'"),
        ("stop: maybe", "rule 'qualified': stop must be false or true, not 'maybe'"),
    ],
)
def test_a_fault_of_a_rule_is_said_with_its_line(line: str, words: str) -> None:
    assert faults_of(with_rule(line)) == [f"rules/cotiza.yaml:7: {words}"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sendr: a", "the file has the unknown key 'sendr'; did you mean 'sender'?"),
        ("destination: acmee", "unknown destination 'acmee'; did you mean 'acme'?"),
        ("tests: no", "tests must be keep or deliver, not 'no'"),
        ("tables: []", "tables must be an object, not a list"),
        ("event: {ide: '${fields.x}'}", "event has the unknown key 'ide'; did you mean 'id'?"),
        ("event: {id: constant}", "event: id is the same for every event; write an expression in ${ }"),
    ],
)
def test_a_fault_of_the_file_is_said_with_its_line(line: str, words: str) -> None:
    assert faults_of(GOOD + line + "\n") == [f"rules/cotiza.yaml:8: {words}"]


@pytest.mark.parametrize(
    ("lead", "words"),
    [
        ("lead: {id: hidden.lead_id}", "lead: id is the same for every event; write an expression in ${ }"),
        ("lead: {match: {}}", "lead: match is empty; match by phone or email or external_id"),
        ("lead: {match: {fone: '${fields.y}'}}", "lead: match has the unknown key 'fone'; did you mean 'phone'?"),
        (
            "lead: {match: {phone: '${fields.y}'}, missing: parc}",
            "lead: missing must be park, create or ignore, not 'parc'",
        ),
    ],
)
def test_a_lead_that_can_not_be_identified_is_a_fault(lead: str, words: str) -> None:
    text = f"sender: typeform\nsecrets: [TYPEFORM_SECRET]\n{lead}\n{RULES}"

    assert faults_of(text) == [f"rules/cotiza.yaml:3: {words}"]


def test_a_lead_may_be_found_by_what_it_is_known_by_and_created_where_it_is_not() -> None:
    match = "match: {email: '${fields.e}', phone: '${fields.p}'}"
    by = hook_of(f"{SIGNED}lead: {{{match}, missing: create, nameless: Sin nombre}}\n{RULES}").lead

    assert ([kind for kind, _ in by.match], by.missing, by.nameless) == (["email", "phone"], "create", "Sin nombre")
    assert hook_of(f"{SIGNED}lead: {{{match}}}\n{RULES}").lead.missing == "park"


ASKED = {"asker": replace(ABOUT["typeform"], title="Asker", keys={"token": "a token of the page"})}


def test_a_sender_that_is_asked_for_its_answers_wants_further_secrets() -> None:
    known = Known(environment={"S": "s", "T": " t "}, senders=ASKED, destinations=("default",))
    text = "sender: asker\nsecrets: [S]\nlead: {id: '${hidden.x}'}\n" + RULES

    hook, _ = read_hook(PurePath("rules/a.yaml"), (text + "token: T\n").encode(), known)
    _, unset = read_hook(PurePath("rules/a.yaml"), (text + "token: NOT\n").encode(), known)
    _, missing = read_hook(PurePath("rules/a.yaml"), text.encode(), known)

    assert hook
    assert hook.keys == {"token": "t"}
    assert " keys=" not in repr(hook)
    assert by_line(unset) == ["rules/a.yaml:7: token 'NOT' is not set; set this environment variable"]
    assert by_line(missing) == [
        "rules/a.yaml:1: the file has no token; name the environment variable that holds a token of the page"
    ]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ("rules: []", "5: rules is empty"),
        ("rules: x", "5: rules must be a list, not text"),
        ("rules: [x]", "5: rule 1 must be an object, not text"),
        (
            "rules:\n  - update: {title: x}",
            "6: rule 1 has no name; the name is what people see beside each value that it set",
        ),
        ("rules:\n  - name: a", "6: rule 'a' has no update; say what should be true of the lead"),
        ("rules:\n  - name: a\n    update: {}", "7: rule 'a' has an update with nothing in it"),
        ("rules:\n  - name: a\n    update:", "7: rule 'a': update must be an object, not null"),
        ("rules:\n  - name: 3\n    update: {title: x}", "6: rule 1: name must be text, not a number"),
    ],
)
def test_rules_that_say_nothing_are_faults(rules: str, words: str) -> None:
    assert faults_of(HEAD + rules + "\n") == [f"rules/cotiza.yaml:{words}"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "1: is empty"),
        (b"# only a comment\n", "1: is empty"),
        (b"- a\n", "1: the file must be an object, not a list"),
        (b"a: 1\nb: \xff\n", "2: is not UTF-8 text"),
        (b"a: 1\n---\nb: 1\n", "2: is not YAML: a second document after ---; one file is one hook"),
        (b"a: \x00", "1: is not YAML: unacceptable character #x0000: special characters are not allowed"),
    ],
)
def test_a_file_that_can_not_be_read_says_why(content: bytes, words: str) -> None:
    assert faults_of(content) == [f"rules/cotiza.yaml:{words}"]


def test_everything_that_is_missing_is_said_at_once_and_in_order_of_lines() -> None:
    text = "sender: typefrom\nsecrets:\n  - NOPE\n  - BLANK\ntables: []\nrules:\n  - name: a\n    update: {fone: x}\n"

    assert faults_of(text) == [
        "rules/cotiza.yaml:1: the file has no lead; say how it is found: by id, as in ${hidden.lead_id}, or by match",
        "rules/cotiza.yaml:1: unknown sender 'typefrom'; did you mean 'typeform'?",
        "rules/cotiza.yaml:3: secret 'NOPE' is not set; set this environment variable",
        "rules/cotiza.yaml:4: secret 'BLANK' is not set; set this environment variable",
        "rules/cotiza.yaml:5: tables must be an object, not a list",
        "rules/cotiza.yaml:8: rule 'a' sets unknown field 'fone'; did you mean 'phone'?",
    ]


def test_a_file_without_sender_secrets_and_rules_says_so() -> None:
    assert faults_of("lead: {id: '${hidden.lead_id}'}\n") == [
        "rules/cotiza.yaml:1: the file has no sender; add one, as in sender: typeform (relay senders lists all)",
        "rules/cotiza.yaml:1: the file has no secrets; "
        "name the environment variables that hold them, as in secrets: [TYPEFORM_SECRET]",
        "rules/cotiza.yaml:1: the file has no rules; add one with a name and an update",
    ]


def test_a_file_whose_name_can_not_be_part_of_a_url_is_a_fault() -> None:
    assert faults_of(GOOD, "rules/Cotiza Ya.yaml") == [
        "rules/Cotiza Ya.yaml:1: the name 'Cotiza Ya' can't be part of a URL; "
        "use a to z, 0 to 9, - and _, 64 at the most"
    ]


def test_the_expression_of_an_unknown_field_is_checked_too() -> None:
    text = GOOD.split("rules:\n")[0] + "rules:\n  - name: r\n    update: {emial: '${feilds.correo}'}\n"

    assert faults_of(text) == [
        "rules/cotiza.yaml:7: rule 'r' sets unknown field 'emial'; did you mean 'email'?",
        "rules/cotiza.yaml:7: rule 'r': emial: unknown name 'feilds'; did you mean 'fields'?",
    ]


def test_an_event_can_not_have_more_updates_that_go_alone_than_the_store_has_places_for() -> None:
    rule = "  - {name: 'r%d', deliver: each, update: {metadata: {paso: '%d'}}}\n"
    head, _ = GOOD.split("rules:\n")

    assert faults_of(head + "rules:\n" + "".join(rule % (one, one) for one in range(99))) == []
    assert faults_of(head + "rules:\n" + "".join(rule % (one, one) for one in range(100))) == [
        "rules/cotiza.yaml:5: more than 99 rules have 'deliver: each'; merge some of them"
    ]


def test_a_good_file_becomes_a_hook_with_all_that_it_says() -> None:
    text = (
        "sender: zapier\nsecrets: [OLD_SECRET, TYPEFORM_SECRET]\ndestination: acme\ntests: deliver\n"
        "tables: {brokers: {Ñuñoa: Carolina}}\nevent: {id: '${fields.id}', time: '${fields.at}'}\n"
        "lead: {match: {email: '${fields.e}', phone: '${fields.p}'}, missing: ignore}\n"
        "rules:\n  - name: a\n    deliver: each\n    stop: true\n    update: {title: x}\n"
    )

    hook = hook_of(text)

    assert (hook.name, hook.sender, hook.destination, hook.deliver_tests) == ("cotiza", "zapier", "acme", True)
    assert (hook.secret_names, hook.secrets) == (("OLD_SECRET", "TYPEFORM_SECRET"), ("older", "s3cret"))
    assert (hook.file, hook.version) == ("rules/cotiza.yaml", hashlib.sha256(text.encode()).hexdigest()[:8])
    assert (hook.lead.id, hook.lead.missing) == (None, "ignore")
    assert [name for name, _ in hook.lead.match] == ["email", "phone"]
    assert [(rule.name, rule.line, rule.each, rule.stop) for rule in hook.rules] == [("a", 9, True, True)]
    assert hook.tables == {"brokers": {"nunoa": "Carolina"}}
    assert hook.event_id
    assert hook.event_time


def test_a_hook_does_not_show_its_secrets() -> None:
    hook = hook_of(GOOD)

    assert "s3cret" not in repr(hook)


def test_a_literal_is_read_as_yaml_1_2_does() -> None:
    text = with_update("metadata:\n  a: no\n  b: 2026-01-31\n  c: 007\n  d: 1.50\n  e: true\n  f: ' x '\n  g: 0x10")

    outcome = hook_of(text).rules[0].run({})

    assert outcome
    assert list(outcome.set.values()) == ["no", "2026-01-31", 7, 1.5, True, "x", 16]


def write(folder: Path, **files: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_one_faulty_file_stops_the_loading_of_all_and_every_file_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("rules"), a=GOOD, b=with_update("emial: x"), c=with_update("fone: x"))

    with pytest.raises(RuleError) as caught:
        load(Path("rules"), environment=ENVIRONMENT, senders=SENDERS, destinations=("default",))

    assert caught.value.faults == (
        "rules/b.yaml:8:7: rule 'qualified' sets unknown field 'emial'; did you mean 'email'?",
        "rules/c.yaml:8:7: rule 'qualified' sets unknown field 'fone'; did you mean 'phone'?",
    )
    assert tuple(map(str, caught.value.problems)) == caught.value.faults


def test_checking_gives_the_good_hooks_beside_the_faults(tmp_path: Path) -> None:
    write(tmp_path, a=GOOD, b="")

    hooks, faults = check(tmp_path, environment=ENVIRONMENT, senders=SENDERS, destinations=("default",))

    assert list(hooks) == ["a"]
    assert by_line(faults) == [f"{tmp_path}/b.yaml:1: is empty"]


def test_only_yaml_files_in_the_folder_itself_are_hooks(tmp_path: Path) -> None:
    write(tmp_path, a=GOOD)
    write(tmp_path / "a", inner="not a hook")
    (tmp_path / "b.yml").write_text(GOOD)
    (tmp_path / ".#a.yaml").write_text("an editor's own")
    (tmp_path / "notes.txt").write_text("not a hook")

    assert sorted(load(tmp_path, environment=ENVIRONMENT, senders=SENDERS, destinations=("default",))) == ["a", "b"]


def test_two_files_of_one_name_are_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("rules"), a=GOOD)
    Path("rules/a.yml").write_text(GOOD)

    _, faults = check(Path("rules"), environment=ENVIRONMENT, senders=SENDERS, destinations=("default",))

    assert by_line(faults) == ["rules/a.yml:1: hook 'a' is in rules/a.yaml too; rename one of the two"]


def test_a_folder_that_is_not_there_or_holds_no_hook_file_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()

    faults = [check(Path(name), environment={}, senders=SENDERS, destinations=())[1] for name in ("nowhere", "empty")]

    assert list(map(by_line, faults)) == [
        ["nowhere: no such folder; set RELAY_RULES to the folder of the hook files"],
        ["empty: holds no hook file; add one, as in empty/cotiza.yaml"],
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_file_that_may_not_be_read_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, a=GOOD)
    (tmp_path / "a.yaml").chmod(0)

    _, faults = check(tmp_path, environment=ENVIRONMENT, senders=SENDERS, destinations=("default",))

    assert by_line(faults) == [f"{tmp_path}/a.yaml: can't be read: Permission denied"]


def test_a_thousand_rules_that_stop_are_held_against_one_another_in_a_moment() -> None:
    text = rules(
        *(rule(f"r{n}", "{title: a}", f"when: fields.a == '{n}' and fields.b", "stop: true") for n in range(1000))
    )
    began = time.process_time()

    hook, problems = read_draft(PurePath("h.yaml"), text, ABOUT)

    assert (hook is not None, problems) == (True, ())
    assert time.process_time() - began < 4
