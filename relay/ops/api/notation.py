"""A short way to write JSON schemas: what stands in the document is what these give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Shape: TypeAlias = "Mapping[str, Any]"

TEXT: Shape = {"type": "string"}
NUMBER: Shape = {"type": "integer"}
FLAG: Shape = {"type": "boolean"}
#: Whatever a sender, a rule or the CRM may have as a value.
ANY: Shape = {}
ISO: Shape = {"type": "string", "format": "date-time"}


def ref(name: str) -> Shape:
    """Refer to a shape of the table."""
    return {"$ref": f"#/components/schemas/{name}"}


def some(shape: Shape, **limits: int) -> Shape:
    """A list; ``limits`` are ``minItems`` and ``maxItems``."""
    return {"type": "array", "items": shape, **limits}


def named(shape: Shape) -> Shape:
    """An object whose keys are names that nobody can know beforehand."""
    return {"type": "object", "additionalProperties": shape}


def maybe(shape: Shape) -> Shape:
    """This, or null."""
    return {"anyOf": [shape, {"type": "null"}]}


def one_of(*words: str) -> Shape:
    return {"type": "string", "enum": list(words)}


def say(words: str, shape: Shape) -> Shape:
    """Describe a shape."""
    return {**shape, "description": words}


def thing(words: str = "", /, **fields: Shape) -> Shape:
    """An object with these fields, all of them, and no others."""
    about = {"description": words} if words else {}
    return {
        **about,
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def asked(words: str, needed: tuple[str, ...] = (), /, **fields: Shape) -> Shape:
    """An object that is sent to us: of its fields only some are needed."""
    return {**thing(words, **fields), "required": list(needed)}


def with_more(base: Shape, words: str = "", /, **fields: Shape) -> Shape:
    """The same object with more fields."""
    return thing(words or base.get("description", ""), **{**base["properties"], **fields})


def time(name: str, *, known: bool = False) -> dict[str, Shape]:
    """A time, twice: in ms since 1970, and as ISO in UTC; both null where there is none, unless it is ``known``."""
    both: dict[str, Shape] = {f"{name}_ms": NUMBER, name: ISO}
    return both if known else {key: maybe(shape) for key, shape in both.items()}
