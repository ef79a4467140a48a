"""What hook files can say in ``${...}`` and ``when``, and what it makes of an event.

grammar   the text of templates and expressions, and everything that is wrong with it before it runs
extent    how long and how deep they may be
language  the sandbox: compiles expressions, and what they can do
filters   the words after a ``|``; readings: numbers, dates, names and phones as people type them
work      the limit on what one value may go through
missing   the value of what an event does not have
parts     what a condition is made of: which part of it held, and the values that it saw
steps     what each filter made of the value that it was given
formulas  values of fields out of expressions, and whole rules as one compiled unit
"""
