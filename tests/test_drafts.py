"""Hook files that a person changes: read, saved in one step or not at all, and given as patches that git applies."""

from __future__ import annotations

import stat
import subprocess
import threading
from pathlib import Path

import pytest

from relay import rulebook
from relay.drafts import files
from relay.drafts.files import MOST_BYTES, RuleFile, version_of
from relay.drafts.patch import Row, hunks, measure, patch
from relay.drafts.reading import Drafts
from relay.errors import CommandError
from relay.wiring import reader
from tests.desk import settings_of

OLD = "sender: typeform\nsecrets: [TYPEFORM_SECRET]\nlead:\n  id: ${hidden.lead_id}\nrules: []\n"
NEW = OLD.replace("rules: []", "rules:\n  - name: name\n    update: {first_name: '${fields.nombre}'}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "rules" / "cotiza.yaml"
    made.parent.mkdir()
    made.write_text(OLD)
    return made


def drafts_of(folder: Path, **variables: str) -> Drafts:
    return Drafts(reader(settings_of(folder, **variables)))


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_a_saved_file_is_whole_keeps_its_mode_and_leaves_nothing_beside_it(path: Path) -> None:
    path.chmod(0o640)

    saved = files.save(path, NEW, began=version_of(OLD.encode()))

    assert saved == RuleFile(path=path, content=NEW.encode())
    assert path.read_text() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names_in(path.parent) == ["cotiza.yaml"]


def test_a_file_that_somebody_else_has_changed_is_not_saved_over(path: Path) -> None:
    began = files.read(path).version
    path.write_text(OLD + "# theirs\n")

    assert files.save(path, NEW, began=began) is None
    assert path.read_text() == OLD + "# theirs\n"
    assert names_in(path.parent) == ["cotiza.yaml"]


def test_a_file_that_is_gone_is_saved_by_who_knew_that_it_was(path: Path) -> None:
    path.unlink()

    assert files.save(path, NEW, began=version_of(OLD.encode())) is None
    assert not path.exists()
    assert files.save(path, NEW, began="") is not None
    assert path.read_text() == NEW


def test_of_many_who_save_at_once_one_wins_and_the_others_are_told(path: Path) -> None:
    began, won = files.read(path).version, []

    def saves(number: int) -> None:
        if files.save(path, f"{NEW}# {number}\n", began=began):
            won.append(number)

    threads = [threading.Thread(target=saves, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [winner] = won
    assert path.read_text() == f"{NEW}# {winner}\n"


def test_who_reads_while_a_file_is_saved_sees_the_old_text_or_the_new_one(path: Path) -> None:
    texts, seen = [OLD * 500, NEW * 500], set()
    path.write_text(texts[0])
    done = threading.Event()

    def reads() -> None:
        while not done.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=reads)
    reader.start()
    for turn in range(60):
        assert files.save(path, texts[(turn + 1) % 2], began=version_of(texts[turn % 2].encode()))
    done.set()
    reader.join()

    assert seen <= set(texts)


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.yaml"
    path.rename(kept)
    path.symlink_to(kept)

    assert files.save(path, NEW, began=version_of(OLD.encode()))

    assert path.is_symlink()
    assert kept.read_text() == NEW


def test_a_folder_that_can_not_be_written_is_told_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "cotiza.yaml"
    path.symlink_to("/sys/cotiza.yaml")  # where not even root may make a file

    with pytest.raises(CommandError) as raised:
        files.save(path, NEW, began="")

    assert str(raised.value) in (
        f"{path}: can't be saved: the relay may not write there",
        f"{path}: can't be saved: it is on a file system that is read-only",
    )


@pytest.mark.parametrize(
    ("content", "text", "written"),
    [
        (b"a: 1\r\nb: 2\r\n", "a: 1\nb: 3\n", b"a: 1\r\nb: 3\r\n"),
        (b"a: 1\nb: 2\n", "a: 1\r\nb: 3\r\n", b"a: 1\nb: 3\n"),
        (b"\xef\xbb\xbfa: 1\n", "a: 2\n", b"\xef\xbb\xbfa: 2\n"),
        (b"a: 1\r\nb: 2\n", "a: 1\nb: 2\n", b"a: 1\nb: 2\n"),
        (None, "a: 1", b"a: 1"),
    ],
    ids=["windows", "unix", "mark", "mixed", "new"],
)
def test_line_ends_and_the_mark_at_the_start_stay_as_they_are(content: bytes | None, text: str, written: bytes) -> None:
    file = RuleFile(path=Path("rules/a.yaml"), content=content)

    assert file.written(text) == written
    if content and b"\r\n" not in written[:-1]:
        assert "\r" not in file.text


@pytest.mark.parametrize("text", ["x" * (MOST_BYTES + 1), "ñ" * MOST_BYTES, "\ud800", "\n" * 4_001])
def test_a_text_that_is_no_file_is_refused_in_words(text: str) -> None:
    with pytest.raises(CommandError, match=r"^the text has "):
        files.sized(text)


CHANGES = [
    (OLD, NEW),
    (OLD, OLD.removesuffix("\n")),
    (OLD.removesuffix("\n"), OLD),
    (OLD.removesuffix("\n"), NEW.removesuffix("\n")),
    (OLD, "# first\n" + OLD),
    (OLD.replace("\n", "\r\n"), NEW),
    ("a\x0cb\nc\u2028d\n", "a\x0cb\nc\u2028e\n"),
    ("# ñandú\n" * 200, "# ñandú\n" * 100 + "# otro\n" + "# ñandú\n" * 99),
    ("\ufeff" + OLD, NEW),
    (OLD, ""),
]


@pytest.mark.parametrize("tool", [("git", "apply"), ("patch", "-p1", "--binary")], ids=["git", "patch"])
@pytest.mark.parametrize(("old", "new"), CHANGES)
@pytest.mark.parametrize("name", ["cotiza.yaml", "con espacio.yaml"])
def test_a_patch_is_taken_by_the_usual_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: tuple[str, ...], old: str, new: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("rules") / name
    path.parent.mkdir()
    path.write_bytes(old.encode())
    file = files.read(path)

    made = patch(file, new)
    applied = subprocess.run([*tool], input=made, cwd=tmp_path, capture_output=True, check=False)

    assert applied.returncode == 0, (applied.stderr, made)
    assert (path.read_bytes() if path.exists() else b"") == file.written(new)


@pytest.mark.parametrize("tool", [("git", "apply"), ("patch", "-p1")], ids=["git", "patch"])
def test_a_patch_makes_a_file_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("rules") / "cotiza.yaml"

    subprocess.run([*tool], input=patch(files.read(path), NEW), cwd=tmp_path, check=True, capture_output=True)

    assert path.read_text() == NEW


def test_a_patch_names_the_file_from_where_the_relay_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, outside = tmp_path / "home", tmp_path / "etc" / "reglas"
    inside.mkdir()
    monkeypatch.chdir(inside)

    def named(path: Path) -> list[bytes]:
        return patch(RuleFile(path=path, content=b"a: 1\n"), "a: 2\n").splitlines()[:2]

    assert named(Path("rules/a.yaml")) == [b"--- a/rules/a.yaml", b"+++ b/rules/a.yaml"]
    assert named(inside / "rules/a.yaml") == [b"--- a/rules/a.yaml", b"+++ b/rules/a.yaml"]
    assert named(outside / "a.yaml") == [b"--- a/reglas/a.yaml", b"+++ b/reglas/a.yaml"]
    assert patch(RuleFile(path=Path("a.yaml"), content=b"a: 1\n"), "a: 1\n") == b""


def test_a_difference_has_its_lines_by_their_numbers_and_three_around() -> None:
    old = "".join(f"line {number}\n" for number in range(1, 21))
    [first, last] = hunks(old, old.replace("line 5\n", "five\n").removesuffix("\n"))

    assert [row.sign for row in first] == ["", "", "", "-", "+", "", "", ""]
    assert first[3] == Row(sign="-", text="line 5", old=5)
    assert first[4] == Row(sign="+", text="five", new=5)
    assert last[-2:] == [Row(sign="-", text="line 20", old=20), Row(sign="+", text="line 20", new=20, open=True)]
    assert measure([first, last]) == "+2 -2"
    assert hunks(old, old) == []


def test_a_draft_is_held_against_what_is_set_here_and_tried_all_the_same(tmp_path: Path) -> None:
    drafts = drafts_of(tmp_path)

    draft = drafts.read(Path("rules/cotiza.yaml"), NEW)

    assert [str(one) for one in draft.problems] == [
        "rules/cotiza.yaml:2:11: secret 'TYPEFORM_SECRET' is not set; set this environment variable"
    ]
    assert not draft.sound
    assert draft.hook is not None
    assert (draft.hook.secrets, [rule.name for rule in draft.hook.rules]) == ((), ["name"])
    assert drafts_of(tmp_path, TYPEFORM_SECRET="s").read(Path("rules/cotiza.yaml"), NEW).sound


def test_a_draft_that_is_read_again_is_not_compiled_again(tmp_path: Path) -> None:
    drafts, path = drafts_of(tmp_path), Path("rules/cotiza.yaml")

    assert drafts.read(path, NEW) is drafts.read(path, NEW)
    assert drafts.read(path, OLD).hook is None


def test_what_a_killed_process_leaves_is_no_hook_file_and_in_nobodys_way(path: Path) -> None:
    path.with_name(".cotiza.yaml.0a1b2c3d").write_text("half of it")

    assert files.save(path, NEW, began=version_of(OLD.encode()))
    assert rulebook.hook_files(path.parent) == [path]
