"""What expressions can say, and how a missing value behaves."""

from __future__ import annotations

import pytest

from relay.errors import RequiredMissing
from relay.expressions.grammar import BadTemplate, template_of
from relay.model import Json
from tests.one_expression import SCOPE, fault_of, value_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${fields.uf}", 3500),
        ("${fields.acepta}", True),
        ("UF ${fields.uf}", "UF 3500"),
        ("UF ${fields.uf / 2} y ${fields.acepta}", "UF 1750 y true"),
        ("${fields.uf / 1000}", 3.5),
        ("${fields.comunas}", "Ñuñoa, Las Condes"),
        ("en ${fields.comunas}", "en Ñuñoa, Las Condes"),
        ("${fields.comunas[1]}", "Las Condes"),
        ("${fields.comunas[-1]}", "Las Condes"),
        ("${fields.nombre[:5]}", "maría"),
        ("${fields.comunas[1:]}", "Las Condes"),
        ("${fields['Tu teléfono']}", "here"),
        ("${fields.items}", "a field called items"),
        ("${fields.grupo.a.b}", "deep"),
        ("${ {'a': 1, 'b': {'c': 2}}['b']['c'] }", 2),
        ("${'}'}", "}"),
        ('${"a}\'b"}', "a}'b"),
        ("${'it\\'s }'}", "it's }"),
        ("$${fields.uf}", "${fields.uf}"),
        ("cost: $${} and ${fields.uf}", "cost: ${} and 3500"),
        ("$5", "$5"),
        ("${'  spaces  '}", "spaces"),
        ("${fields.uf ~ ' UF ' ~ fields.acepta}", "3500 UF true"),
        ("${'big' if fields.uf > 3000 else 'small'}", "big"),
        ("${'x' in fields.comunas or 'Ñuñoa' in fields.comunas}", True),
        ("${'la' in fields.nombre | lower}", True),
        ("${'Maipú' not in fields.comunas}", True),
        ("${form.id == 'Ab12Cd34' and fields.uf >= 3000}", True),
        ("${event.time | date}", "2026-09-26"),
        ("${fields.uf is number and fields.nombre is text and fields.comunas is list}", True),
        ("${fields.acepta is true and event.test is false}", True),
    ],
)
def test_an_expression_gives_its_value_in_its_type(text: str, expected: Json) -> None:
    value = value_of(text)

    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        "${fields.not_there}",
        "${fields.not_there.deeper[3].still}",
        "${fields.nombre.first}",
        "${fields.uf.real}",
        "${fields.nombre.__class__.__mro__}",
        "${fields.vacio}",
        "${fields.blanco}",
        "${fields.nulo}",
        "${fields.nada}",
        "${raw.body}",
        "${fields.comunas[9]}",
        "${fields.comunas[9:]}",
        "${fields.uf[:2]}",
        "${fields.not_there[:2]}",
        "${fields.nombre[fields.not_there:]}",
        "${fields.not_there + 1}",
        "${1 - fields.not_there}",
        "${-fields.not_there * 2}",
        "${fields.vacio + 1}",
        "Hola ${fields.not_there}",
        "Hola ${fields.nombre} de ${fields.blanco}",
        "${fields.not_there | phone('CL')}",
        "${fields.blanco | number}",
        "${fields.nulo | bool | upper | date}",
        "${fields.nada | join}",
        "${fields.nada | first | lookup('brokers', 'other')}",
        "${fields.telefono | lookup('brokers')}",
        "${'one' | rest}",
        "${fields.uf if fields.not_there}",
        "${(fields.uf if fields.not_there) + 1}",
    ],
)
def test_a_missing_or_empty_value_gives_nothing_and_no_error(text: str) -> None:
    assert value_of(text) is None


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
def test_no_comparison_with_a_missing_value_holds_either_way_round(operator: str) -> None:
    assert value_of(f"${{fields.not_there {operator} 3}}") is False
    assert value_of(f"${{3 {operator} fields.vacio}}") is False
    assert value_of(f"${{fields.nulo {operator} fields.not_there}}") is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${fields.not_there or 'sin asignar'}", "sin asignar"),
        ("${fields.vacio or fields.blanco or 7}", 7),
        ("${fields.blanco | default('nadie')}", "nadie"),
        ("${fields.uf | default(1)}", 3500),
        ("${not fields.vacio}", True),
        ("${fields.vacio is missing and fields.uf is defined}", True),
        ("${'a' ~ fields.not_there ~ 'b'}", "ab"),
        ("${fields.not_there in 'text'}", False),
        ("${'x' in fields.not_there}", False),
        ("${fields.not_there in fields.comunas}", False),
    ],
)
def test_a_missing_value_can_be_asked_for_and_replaced(text: str, expected: Json) -> None:
    assert value_of(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${'123' | phone('CL')}", "is not a phone number of CL"),
        (
            "${'987654321' | phone}",
            "is not a phone number; say its country, as in phone('CL'), if it is written without its +",
        ),
        ("${'nobody' | email}", "is not an e-mail address"),
        ("${'quizás' | bool}", "is neither yes nor no"),
        ("${true | number}", "is true/false, not a number"),
        ("${'3' | round}", "is not a number that can be rounded; write | number before it"),
        ("${fields.comunas | lookup('brokers')}", "is a list; take one of it, as in | first, before | lookup"),
        ("${fields.grupo}", "is an object; take one of its keys"),
        ("x ${fields.grupo}", "is an object; take one of its keys"),
        ("${fields.grupo | upper}", "is an object; take one of its keys"),
        ("${fields.telefono > 3}", "text is compared with a number; write | number after the text"),
        ("${fields.telefono + 3}", "+ needs two numbers; write | number after text, or ~ to join texts"),
        ("${'a' * 1000000000}", "* needs two numbers; write | number after text, or ~ to join texts"),
        ("${'%1000000000d' % 1}", "% needs two numbers; write | number after text, or ~ to join texts"),
        ("${[0] * 1000000000}", "* needs two numbers; write | number after text, or ~ to join texts"),
        ("${fields.uf / 0}", "divides by zero"),
        ("${fields.nombre['a':]}", "is cut at a place that is no whole number"),
        ("${fields.nombre[::0]}", "is cut at a place that is no whole number"),
        ("${1.5 | round('x')}", "is rounded to a number of digits that is no whole number up to 15"),
        ("${1.5 | round(1000000000)}", "is rounded to a number of digits that is no whole number up to 15"),
        ("${99999999999999999999 * 99999999999999999999}", "is too large a number"),
        ("${1e308 * 10}", "is too large a number"),
        ("${1e308 * 10 - 1e308 * 10}", "is too large a number"),
        ("x ${1e308 * 10}", "is not a finite number"),
        ("${9223372036854775807 * 2}", "is too large a number"),
        ("${fields.largo ~ fields.largo}", "is longer than 10,000 characters"),
        ("${fields.largo | replace('x', fields.largo)}", "gives more than 100,000 characters"),
        ("${[fields.uf] * 2}", "* needs two numbers; write | number after text, or ~ to join texts"),
        ("${-fields.nombre}", "the expression can't be computed (TypeError)"),
        ("${'\\ud83d'}", "holds half a character (a lone surrogate)"),
    ],
)
def test_a_value_that_can_not_be_had_is_said_in_words_without_the_value(text: str, words: str) -> None:
    assert fault_of(text) == words


@pytest.mark.parametrize("text", ["${fields.not_there | required}", "${fields.blanco | trim | required}"])
def test_required_fails_on_what_is_missing(text: str) -> None:
    with pytest.raises(RequiredMissing, match=r"^is required and missing$"):
        value_of(text)


def test_an_event_is_not_changed_by_the_expressions_that_read_it() -> None:
    before = repr(SCOPE)

    value_of("${fields.comunas | join} ${fields.nombre | title} ${fields.comunas | first}")

    assert repr(SCOPE) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${fields.x", "has a ${ that is not closed; put the whole value in quotes if it holds ' #' or ': '"),
        ("a ${ {'a': 1}", "has a ${ that is not closed; put the whole value in quotes if it holds ' #' or ': '"),
        ("${'a}", "has a ${ with a quote that is not closed"),
        ("a ${ } b", "has an empty ${}; write an expression in it, or leave it out"),
    ],
)
def test_a_template_that_can_not_be_parted_says_why(text: str, words: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        template_of(text)

    assert str(caught.value) == words


def test_a_template_knows_how_it_was_written() -> None:
    assert template_of("${ hidden.lead_id }").source == "hidden.lead_id"
    assert template_of("id-${ fields.a }-${fields.b}").source == "id-${fields.a}-${fields.b}"
