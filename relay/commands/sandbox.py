"""``relay sandbox``: the lead API in miniature, as a process of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.commands.stand_ins import KEY
from relay.sandbox import main


def sandbox(
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.")] = 8900,
    key: Annotated[str, typer.Option(help="The API key it wants.")] = KEY,
    strict: Annotated[bool, typer.Option(help="Know only leads that were added; else every id is a lead.")] = False,
    log: Annotated[bool, typer.Option(help="Show every request.")] = True,
) -> None:
    """Run the lead API sandbox until Ctrl-C."""
    main(port, key, log=log, strict=strict)
