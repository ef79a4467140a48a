"""``python -m relay`` is the ``relay`` command, for where no script of that name is on the path."""

from relay.cli import main

main()
