"""The hook file as it is on disk, and saving it: all of it or nothing, and only over the version that was looked at."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from relay import rulebook
from relay.errors import CommandError

#: Largest text of a draft, in bytes: some thousands of lines, read within a second.
MOST_BYTES = 131_072
MOST_LINES = 4_000
BOM = b"\xef\xbb\xbf"
#: Why a file can't be written, where the machine's own words say little.
WORDS = {
    errno.EROFS: "it is on a file system that is read-only",
    errno.EACCES: "the relay may not write there",
    errno.EPERM: "the relay may not write there",
    errno.ENOSPC: "the disk is full",
    errno.ENOENT: "its folder is not there",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A hook file as it was at one moment."""

    #: As ``RELAY_RULES`` leads to it.
    path: Path
    #: None where there is no such file.
    content: bytes | None

    @property
    def version(self) -> str:
        """Give its content hash, as a hook has it; '' where there is no file."""
        return "" if self.content is None else version_of(self.content)

    @property
    def text(self) -> str:
        """Give its text with plain line ends, as an editor has it."""
        return plain_lines((self.content or b"").decode("utf-8-sig", errors="replace"))

    def written(self, text: str) -> bytes:
        """Give the bytes of another text for this file: its line ends and its mark at the start stay as they are."""
        kept = self.content or b""
        windows = b"\r\n" in kept and kept.count(b"\r\n") == kept.count(b"\n")
        lines = plain_lines(text).replace("\n", "\r\n" if windows else "\n")
        return (BOM if kept.startswith(BOM) else b"") + lines.encode()


def version_of(content: bytes) -> str:
    """Give the version of a hook file of this content."""
    return sha256(content).hexdigest()[:8]


def plain_lines(text: str) -> str:
    """Write line ends as Unix does: a browser sends those of Windows."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_edited(text: str) -> str:
    """Give the kept text of a file as an editor has it: with plain line ends, and without a mark at the start."""
    return plain_lines(text.removeprefix("\ufeff"))


def sized(text: str) -> str:
    """Give a draft's text with plain line ends. Raises CommandError where it is too long, or can't be written."""
    plain = plain_lines(text)
    try:
        size = len(plain.encode())
    except UnicodeEncodeError:
        raise CommandError("the text has half a character in it, which no file can hold") from None
    if size > MOST_BYTES:
        raise CommandError(f"the text has {size} bytes; a hook file that is edited here may have {MOST_BYTES}")
    # What two texts have in common is looked for line by line: of very many that takes minutes.
    if (lines := plain.count("\n")) > MOST_LINES:
        raise CommandError(f"the text has {lines} lines; a hook file that is edited here may have {MOST_LINES}")
    return plain


def path_of(folder: Path, hook: str) -> Path:
    """Say where the file of a hook is, or would be."""
    for ending in rulebook.ENDINGS:
        if (path := folder / f"{hook}{ending}").is_file():
            return path
    return folder / f"{hook}{rulebook.ENDINGS[0]}"


def read(path: Path) -> RuleFile:
    """Read a hook file. Raises CommandError where it is there and can't be read."""
    try:
        return RuleFile(path=path, content=path.read_bytes())
    except FileNotFoundError:
        return RuleFile(path=path, content=None)
    except OSError as error:
        raise CommandError(f"{path.as_posix()}: can't be read: {words_of(error)}") from error


def save(path: Path, text: str, *, began: str) -> RuleFile | None:
    """Put a text in the place of the version that a person began with, and give the file as it is then.

    None, and nothing is done, where the file is another one by now. Who reads the file meanwhile sees the old one or
    the new one, whole; its mode stays. Raises CommandError where it can't be written.
    """
    target = Path(os.path.realpath(path))
    try:
        with alone_in(target.parent):
            old = read(path)
            if old.version != began:
                return None
            replace(target, old.written(text))
    except OSError as error:
        raise CommandError(f"{path.as_posix()}: can't be saved: {words_of(error)}") from error
    return read(path)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes of the relay from saving into the folder meanwhile."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
        # Some file systems can't; then the name is as safe as they make it.
        with suppress(OSError):
            os.fsync(place)
    finally:
        os.close(place)


def replace(target: Path, content: bytes) -> None:
    """Write a file beside the target, to the disk, and give it the target's name."""
    # The rulebook passes over names with a dot in front.
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    mode = target.stat().st_mode & 0o7777 if target.exists() else 0o644
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(target)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def words_of(error: OSError) -> str:
    return WORDS.get(error.errno or 0, error.strerror or type(error).__name__)
