"""What to do about each kind of refusal: every place that refuses a request has a cure of its own kind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay import cures, receive, senders
from relay.errors import BadBody, BadSignature, TooLarge
from relay.inbox import OTHER, SENTENCES
from relay.ops.words import CATALOGUES
from relay.senders import ABOUT
from tests.hook_texts import ONE, hook_of

STATUS = {one.__name__: one.status for one in (BadSignature, BadBody, TooLarge)}
PLACES = [Path(receive.__file__), *sorted(Path(senders.__file__).parent.glob("*.py"))]
#: What stands in a variable where it is raised, as it reads there.
SPELLED = {"tokens.py": "the Authorization or X-Api-Key header does not match any of the hook's secrets"}
#: Refusals for which there is nothing better to say than to look at the sender's page.
GENERAL_ON_PURPOSE: set[str] = set()


def refusals() -> Iterator[tuple[str, int, str]]:
    """Give each place that refuses: where it is, its status, and its words with X for what is put in."""
    for path in PLACES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
                continue
            name = ast.unparse(node.exc.func)
            if name in STATUS:
                for words in spelled(node.exc.args[0], path):
                    yield f"{path.name}:{node.lineno}", STATUS[name], words


def spelled(node: ast.expr, path: Path) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "X" for one in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from spelled(one, path)
            yield from spelled(other, path)
        case _:
            yield SPELLED[path.name]


def adjusted(words: str) -> str:
    """Put in what can't be told from the source: a signature's age, and the words of what is not supported."""
    words = words.replace("header is X, more than", "header is 400 s old, more than")
    return words.replace("X; have the sender sign", "the X header holds v1a signatures alone; have the sender sign")


FOUND = [(place, status, adjusted(words)) for place, status, words in refusals()]


def test_the_places_that_refuse_are_found() -> None:
    assert len(FOUND) > 50
    assert {place.split(":")[0] for place, _, _ in FOUND} >= {"receive.py", "base.py", "timed.py", "typeform.py"}


@pytest.mark.parametrize(("place", "status", "words"), FOUND, ids=[place for place, _, _ in FOUND])
def test_every_place_that_refuses_a_request_has_a_cure_of_its_kind(place: str, status: int, words: str) -> None:
    general = cures.kind_of(status, words) is cures.GENERAL

    assert general == (words in GENERAL_ON_PURPOSE), words


def test_every_kind_is_met_somewhere() -> None:
    met = {cures.kind_of(status, words).kind for _, status, words in FOUND}
    met.add(cures.kind_of(401, "the t header is 400 s in the future, more than 300 s; set the clocks").kind)

    assert {one.kind for one in cures.CURES} == met


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (401, "the Typeform-Signature header does not match any of the hook's secrets", "wrong signature"),
        (401, "the Authorization or X-Api-Key header does not match any of the hook's secrets", "wrong token"),
        (401, "the google_key in the body does not match any of the hook's secrets", "wrong token"),
        (401, "there is no Typeform-Signature header; set a secret", "no secret or signature came"),
        (401, "the X header is 400 s old, more than 300 s; set the clocks, or send it anew", "signed too long ago"),
        (401, "the X header is 400 s in the future, more than 300 s; set the clocks", "signed ahead of our clock"),
        (413, "the body is larger than 1048576 bytes", "too large"),
        (400, "the body is not JSON: line 3, column 14: unexpected end of data", "not JSON"),
        (400, "form_response is missing", "a part is missing"),
        (400, "answers is text, not a list", "another shape"),
        (418, "a teapot", "refused"),
    ],
)
def test_a_refusal_is_told_by_its_kind(status: int, words: str, kind: str) -> None:
    assert cures.kind_of(status, words).kind == kind


def test_a_cure_names_the_sender_its_secret_and_where_that_is_set() -> None:
    words = "the Typeform-Signature header does not match any of the hook's secrets"

    cure = str(cures.cure_of(401, words, about=ABOUT["typeform"], hook=hook_of(ONE)))

    assert cure.startswith("copy the secret from Typeform into S once more")
    assert "set at Connect > Webhooks > Edit" in cure


def test_cures_and_sentences_have_the_same_places_in_every_language() -> None:
    texts = [one.text for one in (*cures.CURES, cures.GENERAL)]
    texts += [text for pair in (*SENTENCES.values(), ("", OTHER)) for text in pair if text]

    for text in texts:
        for catalogue in CATALOGUES.values():
            assert sorted(set(places(catalogue.ugettext(text)))) == sorted(set(places(text))), text


def places(text: str) -> list[str]:
    return re.findall(r"%\((\w+)\)s", text)


def test_of_a_hook_that_is_gone_a_cure_is_given_all_the_same() -> None:
    for one in (*cures.CURES, cures.GENERAL):
        words = one.sign.pattern
        assert "%(" not in str(cures.cure_of(one.status, words, about=None, hook=None))
