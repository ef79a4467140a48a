"""What a shadow finds, for a person: the command, the page in two languages, its twin, and what the check says."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from relay import rulebook, wiring
from relay.senders import ABOUT
from relay.store import Store
from tests.desk import BEARER, USUAL, Browser, logged_in, settings_of, text_of
from tests.desk import desk_over as before_commands
from tests.doors import serving
from tests.hook_texts import by_line
from tests.test_shadow import LIVE, OTHER, Scene, scene_of

SHADOWED = LIVE + "shadow: shadow/h.yaml\n"


@pytest.fixture
def scene(tmp_path: Path, store: Store) -> Scene:
    scene = scene_of(tmp_path, store, SHADOWED, OTHER)
    scene.accept(2, title="ABC", last="Rojas")
    scene.accept(3, title="abc", last="Rojas")
    scene.follower.turn()
    return scene


@pytest.fixture
def url(scene: Scene) -> Iterator[str]:
    variables = {name: value for name, value in scene.settings.environment.items() if name in ("S", "RELAY_RULES")}
    settings = settings_of(scene.folder.parent, **variables, **USUAL)
    with serving(wiring.routes(settings, scene.store, scene.live)) as url:
        yield url


def test_the_command_shows_counts_fields_and_events(scene: Scene, tmp_path: Path, redis_server: object) -> None:
    desk = before_commands(scene.store, redis_server.url, tmp_path)  # type: ignore[attr-defined]

    listed, one = desk.relay("shadow"), desk.relay("shadow", "h")

    assert listed.returncode == one.returncode == 0, listed.stderr + one.stderr
    (row,) = [line for line in listed.stdout.splitlines() if line.startswith("h ")]
    assert row.split()[:2] == ["h", "shadow/h.yaml"]
    assert row.split()[-5:] == ["5", "2", "3", "0", "followed"]
    assert ": 2 the same, 3 differ" in one.stdout
    assert "title: abc -> ABC" in one.stdout
    assert "to make it live, rename shadow/h.yaml to h.yaml: it is taken over within seconds" in one.stdout


def test_the_command_gives_json(scene: Scene, tmp_path: Path, redis_server: object) -> None:
    desk = before_commands(scene.store, redis_server.url, tmp_path)  # type: ignore[attr-defined]

    (listed,), one = desk.json("shadow"), desk.json("shadow", "h", "--limit", "2")

    assert (listed["hook"], listed["events"], listed["same"], listed["changed"]) == ("h", 5, 2, 3)
    assert one["fields"][0]["changed"] == 3
    assert one["fields"][0]["examples"][0] | {"event": ""} == {
        "kind": "changed",
        "old": "abc",
        "new": "ABC",
        "event": "",
    }
    assert len(one["differing"]) == 2
    assert one["differing"][0]["difference"]["fields"][0]["old_rule"] == "one"


def test_the_command_says_what_is_not_there(tmp_path: Path, store: Store, redis_server: object) -> None:
    scene_of(tmp_path, store, LIVE, OTHER)
    desk = before_commands(store, redis_server.url, tmp_path)  # type: ignore[attr-defined]

    none, other, without = (desk.relay("shadow", *words) for words in ((), ("x",), ("h",)))

    assert (none.returncode, other.returncode, without.returncode) == (3, 1, 1)
    assert "no hook has a shadow: name one in its file, as in shadow: shadow/cotiza.yaml" in none.stderr
    assert other.stderr == "hook 'x' is not served: relay status says why\n"
    assert without.stderr == "hook 'h' has no shadow: name one in its file, as in shadow: shadow/h.yaml\n"


def test_the_page_shows_what_differs_and_how_to_make_it_live(url: str) -> None:
    browser = logged_in(url, "pedro")
    hook, page = browser.get("/ops/hooks/h").text, browser.get("/ops/hooks/h/shadow").text

    words = unescape(text_of(page))
    assert 'href="/ops/hooks/h/shadow"' in hook
    assert "events compared 5 come to the same 2 differ 3" in words
    assert "mv shadow/h.yaml h.yaml" in words
    assert page.count("<del>") >= 3
    assert browser.get("/ops/hooks/none/shadow").status_code == 404


def test_the_page_speaks_spanish(url: str) -> None:
    page = logged_in(url, "pedro").get("/ops/hooks/h/shadow", **{"Accept-Language": "es-CL"}).text

    words = unescape(text_of(page))
    assert "Sombra de h" in words
    assert "eventos comparados 5" in words
    assert "Eventos que difieren" in words


def test_the_twin_gives_the_same_numbers(url: str) -> None:
    answer = Browser(url).get("/ops/api/hooks/h/shadow", **BEARER)

    assert answer.status_code == 200
    told = answer.json()
    assert (told["events"], told["same"], told["changed"], told["followed"]) == (5, 2, 3, True)
    assert len(told["differing"]) == 3


def test_a_faulty_shadow_is_marked_on_the_page_with_its_lines(scene: Scene, url: str) -> None:
    scene.write("shadow/h.yaml", OTHER.replace("title:", "titel:"))

    words = unescape(text_of(logged_in(url, "pedro").get("/ops/hooks/h/shadow").text))

    assert "Its file has had faults since" in words
    assert "Its last good version is compared on; the hook itself is not touched by it." in words
    assert "rule 'one' sets unknown field 'titel'; did you mean 'title'?" in words


def checked(folder: Path) -> tuple[list[str], list[str]]:
    """Give the hooks that would be loaded, and what is wrong or doubtful, by line."""
    hooks, problems = rulebook.check(folder, environment={"S": "s"}, senders=ABOUT, destinations=("default",))
    told = [line.replace(f"{folder.as_posix()}/", "") for line in by_line(problems)]
    return list(hooks), [f"{one.severity} {line}" for one, line in zip(problems, told, strict=True)]


def test_the_check_says_what_is_wrong_with_a_shadow_and_loads_the_hook(scene: Scene) -> None:
    file = scene.folder / "shadow" / "h.yaml"

    good = checked(scene.folder)
    file.write_text(OTHER.replace("title:", "titel:").replace("[S]", "[NEW]"))
    faulty = checked(scene.folder)
    file.unlink()
    gone = checked(scene.folder)

    assert good == (["h"], [])
    assert faulty[0] == gone[0] == ["h"]
    assert faulty[1] == [
        "warning shadow/h.yaml:2: secret 'NEW' is not set; set this environment variable",
        "warning shadow/h.yaml:7: rule 'one' sets unknown field 'titel'; did you mean 'title'?",
    ]
    assert gone[1] == ["warning shadow/h.yaml: can't be read: No such file or directory"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (
            "other.yaml",
            "would be a hook itself in the folder of this file; put it into a folder beside, as in shadow/h.yaml",
        ),
        ("../h.yaml", "must be a path inside the folder of this file, as in shadow/h.yaml, not '../h.yaml'"),
        ("/etc/h.yaml", "must be a path inside the folder of this file, as in shadow/h.yaml, not '/etc/h.yaml'"),
        ("shadow/h.txt", "must be a hook file, which ends in .yaml, as in shadow/h.yaml, not 'shadow/h.txt'"),
        ("[a]", "must be text, not a list"),
    ],
)
def test_a_path_where_no_shadow_can_be_is_a_fault(scene: Scene, path: str, words: str) -> None:
    (scene.folder / "h.yaml").write_text(LIVE + f"shadow: {path}\n")

    hooks, problems = checked(scene.folder)

    assert hooks == []
    assert len(problems) == 1
    assert problems[0].startswith("fault h.yaml:8: shadow")
    assert problems[0].endswith(words)
