"""How long and how deep an expression may be, so that it can be read and compiled at any place of any process.

``flaws`` asks before and after it has parsed one. Without these limits Python would end it at depths of its own.
"""

from __future__ import annotations

import re

from jinja2 import nodes

#: Characters; a list of all 346 comunas of Chile has half as many.
LONGEST_EXPRESSION = 10_000
LONGEST_TEMPLATE = 2 * LONGEST_EXPRESSION
#: Brackets within brackets: the parser calls itself a dozen times for each.
MOST_BRACKETS = 30
#: Steps from an expression to its innermost part: of ``a or b or c`` there are two.
DEEPEST = 150
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
TOO_DEEP = "is nested too deeply; part it into several rules"


def fault_of_source(source: str) -> str:
    """Say whether an expression is too long to be parsed; empty where it is not."""
    if len(source) > LONGEST_EXPRESSION:
        return f"is longer than {LONGEST_EXPRESSION:,} characters; use a table, or several rules"
    depth = deepest = 0
    for letter in QUOTED.sub("", source):
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    return TOO_DEEP if deepest > MOST_BRACKETS else ""


def fault_of_tree(tree: nodes.Node) -> str:
    """Say whether an expression is too deep to be compiled; empty where it is not."""
    level, depth = [tree], 0
    while level:
        depth += 1
        level = [child for node in level for child in node.iter_child_nodes()]
    return TOO_DEEP if depth > DEEPEST else ""
