"""How to mend what the door refused: what to do at the sender, or here, so that the next request passes.

The list of refused requests keeps the words of each; a kind of refusal is known by them. The words stand where they
are raised, in ``relay.senders`` and ``relay.receive``, and a test holds every one of them to a kind.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from relay.errors import BadBody, BadSignature, TooLarge
from relay.hooks import Hook
from relay.model import Line
from relay.sending import About
from relay.texts import N_


class Cure(NamedTuple):
    """What is to be done about one kind of refusal."""

    #: Short, for a title.
    kind: str
    status: int
    #: Found in the words of the refusal.
    sign: re.Pattern[str]
    #: English, with places for ``sender``, ``proof`` and ``secrets``.
    text: str


def _cure(kind: str, status: int, sign: str, text: str) -> Cure:
    return Cure(kind, status, re.compile(sign), text)


#: The first whose sign is found counts.
CURES: tuple[Cure, ...] = (
    _cure(
        N_("verify token"),
        BadSignature.status,
        r"verify token|is no subscription",
        N_(
            "type the same word at %(sender)s as verify token that the hook file's verify_token has, and subscribe "
            "again; anybody else who calls this address is rightly refused"
        ),
    ),
    _cure(
        N_("no secret here"),
        BadSignature.status,
        r"no secret to answer with",
        N_("set %(secrets)s where the relay runs, start it again, and have %(sender)s ask once more"),
    ),
    _cure(
        N_("not signed with a shared secret"),
        BadSignature.status,
        r"v1a signatures",
        N_("have %(sender)s sign with a shared secret (v1) and put that into %(secrets)s"),
    ),
    _cure(
        N_("two ids"),
        BadSignature.status,
        r"headers differ",
        N_("let one of the two headers through: a proxy or a script between %(sender)s and the relay adds the other"),
    ),
    _cure(
        N_("a form post where JSON is wanted"),
        BadSignature.status,
        r"form post .* can't be checked",
        N_(
            "set the request format of the webhook at %(sender)s to JSON: the signature of a form post can't be checked"
        ),
    ),
    _cure(
        N_("signed ahead of our clock"),
        BadSignature.status,
        r"in the future, more than",
        N_(
            "set the clocks by NTP: that of this machine is behind, or that of the sender ahead (timedatectl shows "
            "this one's); %(sender)s then signs within the time that is allowed"
        ),
    ),
    _cure(
        N_("signed too long ago"),
        BadSignature.status,
        r"s old, more than",
        N_(
            "have %(sender)s send the event anew, which signs it anew; where new events are refused too, set the "
            "clocks by NTP (timedatectl shows this machine's): an old request that is repeated is rightly refused"
        ),
    ),
    _cure(
        N_("no moment in the signature"),
        BadSignature.status,
        r"no whole number",
        N_("let the signature's headers through as %(sender)s sends them: what stands between changed their time"),
    ),
    _cure(
        N_("wrong token"),
        BadSignature.status,
        r"(Authorization or X-Api-Key header|in the body).* does not match",
        N_(
            "make the text at %(sender)s and the value of %(secrets)s the same, to the last character: %(proof)s; to "
            "change it without loss, name the old and the new in the hook file's secrets until the sender has the new"
        ),
    ),
    _cure(
        N_("wrong signature"),
        BadSignature.status,
        r"does not match any",
        N_(
            "copy the secret from %(sender)s into %(secrets)s once more and start the relay again: %(proof)s; where it "
            "is right, a proxy changes the body or the address on the way (see RELAY_PUBLIC_URL)"
        ),
    ),
    _cure(
        N_("no secret or signature came"),
        BadSignature.status,
        r"there is no",
        N_(
            "set it at %(sender)s: %(proof)s; the same value stands in %(secrets)s. Requests of strangers look like "
            "this too, and are rightly refused"
        ),
    ),
    _cure(
        N_("unreadable signature"),
        BadSignature.status,
        r"signature can't be read",
        N_("see that the webhook is one of %(sender)s, and that the hook file names the right sender"),
    ),
    _cure(
        N_("too many events at once"),
        TooLarge.status,
        r"events; send at most",
        N_("have %(sender)s send smaller batches"),
    ),
    _cure(
        N_("too large"),
        TooLarge.status,
        r"larger than",
        N_("send files as links, not in the body; or raise RELAY_MAX_BODY where such bodies are meant"),
    ),
    _cure(
        N_("broke off on the way"),
        BadBody.status,
        r"broke off",
        N_(
            "nothing, if %(sender)s sends it again by itself; where it happens often, look at the time-outs of the "
            "proxy before the relay"
        ),
    ),
    _cure(
        N_("empty"),
        BadBody.status,
        r"is empty$|is an empty list",
        N_("have %(sender)s send the event in the body: a test button that sends nothing is rightly refused"),
    ),
    _cure(
        N_("not JSON"),
        BadBody.status,
        r"is not JSON|no base64 of JSON",
        N_(
            "have %(sender)s send JSON: where the body is written by hand, quotes and line breaks within a value want "
            "a backslash before them; see that its content type is %(content_type)s"
        ),
    ),
    _cure(
        N_("not a form post"),
        BadBody.status,
        r"no form post|can't be read as a form",
        N_("have %(sender)s send %(content_type)s, as it does unless it is told otherwise"),
    ),
    _cure(
        N_("nested too deeply"),
        BadBody.status,
        r"nested too deeply",
        N_("have %(sender)s send a flatter body: no event of a form is nested so deeply"),
    ),
    _cure(
        N_("an asker who is not the sender"),
        BadBody.status,
        r"challengeCode|handshake can't be read",
        N_("register the address at %(sender)s once more; anybody else who asks is rightly refused"),
    ),
    _cure(
        N_("a part is missing"),
        BadBody.status,
        r"is missing|has no|ends with no id",
        N_(
            "see that the hook file names the right sender and that the webhook at %(sender)s sends events, in its "
            "usual form and with all its fields; a test button may send a body that is no event"
        ),
    ),
    _cure(
        N_("another shape"),
        BadBody.status,
        r", not (an object|a list|text)|could not be read as",
        N_(
            "see that the hook file names the right sender and that the webhook at %(sender)s sends its usual form; "
            "where its form has changed, send the body to who keeps the relay"
        ),
    ),
)
#: What is done about anything else.
GENERAL = Cure(
    N_("refused"),
    0,
    re.compile(""),
    N_(
        "see that the hook file names the right sender, and set the webhook up at %(sender)s "
        "as its page in docs/senders says"
    ),
)


def kind_of(status: int, words: str) -> Cure:
    """Give the kind of a refusal, by its status and words; GENERAL where it is none that is known."""
    return next((one for one in CURES if one.status == status and one.sign.search(words)), GENERAL)


def cure_of(status: int, words: str, *, about: About | None, hook: Hook | None) -> Line:
    """Say what to do about a refused request. Of a hook that is gone neither sender nor secrets are known."""
    names = ", ".join(hook.secret_names) if hook else ""
    return Line(
        kind_of(status, words).text,
        {
            "sender": about.title if about else N_("the sender"),
            "proof": about.proof if about else N_("see its page in docs/senders"),
            "secrets": names or (about.variable if about else "") or N_("the hook's secrets"),
            "content_type": about.content_type if about else N_("the right content type"),
        },
    )
