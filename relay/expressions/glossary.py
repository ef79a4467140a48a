"""What each name, filter and test of expressions is for, in a line that editors show."""

from __future__ import annotations

from collections.abc import Mapping

NAME_WORDS: Mapping[str, str] = {
    "fields": "what was answered, by the keys of the form's fields",
    "hidden": "what the form's address carried: utm parameters, the lead's id",
    "form": "the form: its id and name",
    "campaign": "the ad, ad set and campaign that the lead comes from",
    "event": "the event: its id, kind, time and whether it is a test",
    "hook": "this hook: its name",
    "raw": "the whole body, as it came",
}

FILTER_WORDS: Mapping[str, str] = {
    "bool": "yes or no, in Spanish or English, as true or false",
    "date": "a date as people write it, as YYYY-MM-DD; day first, or as date('mdy') says",
    "default": "this value where there is none",
    "email": "an e-mail address in lower case; a fault where it is none",
    "first": "the first of a list",
    "first_word": "the first word",
    "join": "a list as one text, with ', ' or what is given between",
    "last": "the last of a list",
    "last_word": "the last word",
    "length": "how many characters a text has, or how many things a list",
    "lookup": "the value that stands for it in a table of this file, else the one given; case and accents don't matter",
    "lower": "in lower case",
    "number": "a number as people write it: 'UF 3.000' is 3000; number('.') says which mark the decimals have",
    "phone": "a phone number as +56912345678; phone('CL') says the country of one without its +",
    "replace": "with one text in place of another",
    "required": "the event fails where there is no value",
    "rest": "all words but the first",
    "round": "a number without decimals, or with so many",
    "rut": "a Chilean RUT as 12.345.678-5; a fault where its check digit is wrong",
    "slug": "in lower-case ASCII with hyphens",
    "split": "a text as a list, parted at commas or at what is given",
    "title": "a name with its capitals: 'María José de la Peña'",
    "trim": "without space around it",
    "upper": "in upper case",
}

TEST_WORDS: Mapping[str, str] = {
    "defined": "there is a value",
    "missing": "there is none: the field is not there, or empty",
    "true": "true itself, no text",
    "false": "false itself, no text",
    "text": "a text",
    "number": "a number, no text",
    "list": "a list",
}
