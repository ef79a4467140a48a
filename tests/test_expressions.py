"""What expressions can say, what their filters make of what people type, and how a missing value behaves."""

from __future__ import annotations

import pytest

from relay.errors import ExpressionError, RequiredMissing
from relay.expressions.formulas import Reader
from relay.expressions.grammar import BadTemplate, template_of
from relay.expressions.language import Language
from relay.model import Json

TABLES: dict[str, dict[str, Json]] = {"brokers": {"nunoa": "Carolina", "las condes": 7}}
SCOPE: dict[str, Json] = {
    "fields": {
        "nombre": "maría josé DE LA peña",
        "telefono": "9 8765 4321",
        "uf": 3500,
        "monto": "4.500,50",
        "acepta": True,
        "comunas": ["Ñuñoa", "Las Condes"],
        "vacio": "",
        "blanco": "  ",
        "nulo": None,
        "nada": [],
        "items": "a field called items",
        "grupo": {"a": {"b": "deep"}},
        "largo": "x" * 9_000,
        "Tu teléfono": "here",
    },
    "hidden": {},
    "form": {"id": "Ab12Cd34"},
    "campaign": {},
    "event": {"id": "e1", "kind": "form_response", "time": "2026-09-26T14:33:47Z", "test": False},
    "hook": {"name": "cotiza"},
    "raw": None,
}


def value_of(text: str) -> Json:
    return Reader(Language(TABLES), template_of(text))(SCOPE)


def fault_of(text: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        value_of(text)
    return str(caught.value)


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
    ("text", "expected"),
    [
        ("${fields.telefono | phone('CL')}", "+56987654321"),
        ("${'+56 9 8765 4321' | phone}", "+56987654321"),
        ("${56987654321 | phone('CL')}", "+56987654321"),
        ("${'+54 9 11 2345 6789' | phone('CL')}", "+5491123456789"),
        ("${' MJ.Munoz@Example.COM ' | email}", "mj.munoz@example.com"),
        ("${fields.nombre | title}", "María José de la Peña"),
        ("${'DE LA CRUZ' | title}", "De la Cruz"),
        ('${"o\'higgins lópez-águila" | title}', "O'Higgins López-Águila"),
        ("${'ángel ortega Y gasset' | title}", "Ángel Ortega y Gasset"),
        ("${fields.nombre | title | first_word}", "María"),
        ("${fields.nombre | title | rest}", "José de la Peña"),
        ("${fields.nombre | last_word | upper}", "PEÑA"),
        ("${fields.nombre | lower}", "maría josé de la peña"),
        ("${fields.comunas | first}", "Ñuñoa"),
        ("${fields.comunas | last}", "Las Condes"),
        ("${fields.nombre | first}", "maría josé DE LA peña"),
        ("${fields.comunas | join(' / ')}", "Ñuñoa / Las Condes"),
        ("${'a, b,,c' | split | last}", "c"),
        ("${'a b' | split(' ') | join('-')}", "a-b"),
        ("${fields.comunas | length}", 2),
        ("${fields.comunas | first | lookup('brokers')}", "Carolina"),
        ("${'LAS  CONDES ' | lookup('brokers', 'x')}", 7),
        ("${'Maipú' | lookup('brokers', 'mesa')}", "mesa"),
        ("${fields.telefono | replace(' ', '')}", "987654321"),
        ("${'Ñuñoa  - Depto. 3D' | slug}", "nunoa-depto-3d"),
        ("${' x ' | trim}", "x"),
        ("${2.5 | round}", 3),
        ("${2.345 | round(2)}", 2.35),
        ("${-2.5 | round}", -3),
        ("${fields.uf | required}", 3500),
    ],
)
def test_a_filter_gives_what_it_promises(text: str, expected: Json) -> None:
    value = value_of(text)

    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("3", 3),
        ("3.0", 3),
        ("4.500,50", 4500.5),
        ("4,500.50", 4500.5),
        ("UF 3.000", 3000),
        ("3,000", 3000),
        ("0.125", 0.125),
        ("4.5", 4.5),
        ("4,75", 4.75),
        ("1234.567", 1234.567),
        ("$ 4.500.000", 4_500_000),
        ("$1.500.-", 1500),
        ("4 500 000", 4_500_000),
        ("1'234.5", 1234.5),
        ("-5", -5),
        ("\u22125,5", -5.5),
        ("85,5 m²", 85.5),
        ("85 m2", 85),
        (".5", 0.5),
        ("10%", 10),
    ],
)
def test_a_number_is_read_as_people_write_it(written: str, expected: float) -> None:
    value = value_of(f'${{"{written}" | number}}')

    assert value == expected
    assert type(value) is type(expected)


def test_the_decimal_mark_of_a_number_can_be_said() -> None:
    assert value_of("${'3.000' | number('.')}") == 3
    assert value_of("${'3,125' | number(',')}") == 3.125


@pytest.mark.parametrize(
    "written", ["abc", "3.000 y 4.000", "1..2", "12.34.56", "1.234,567,890", "9" * 41, "+56 9 8765 4321"]
)
def test_what_is_no_number_is_a_fault(written: str) -> None:
    assert fault_of(f"${{'{written}' | number}}") == "is not a number"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-10-03", "2026-10-03"),
        ("20261003", "2026-10-03"),
        ("2026/10/3", "2026-10-03"),
        ("2026-09-26T23:33:47-03:00", "2026-09-26"),
        ("03/10/2026", "2026-10-03"),
        ("3-10-26", "2026-10-03"),
        ("12.05.1985 15:30", "1985-05-12"),
        ("3 de octubre de 2026", "2026-10-03"),
        ("Sábado 3 de Octubre del 2026", "2026-10-03"),
        ("Oct 3, 2026", "2026-10-03"),
        ("2026-09-26 10:00 CLT", "2026-09-26"),
    ],
)
def test_a_date_is_read_day_first_whatever_its_form(written: str, expected: str) -> None:
    assert value_of(f"${{'{written}' | date}}") == expected


def test_the_order_of_a_date_can_be_said() -> None:
    assert value_of("${'10/03/2026' | date('mdy')}") == "2026-10-03"


@pytest.mark.parametrize(
    "written", ["mañana", "10", "10/5", "octubre 2026", "31/02/2026", "10/25/2026", "2026-13-01", "x" * 99]
)
def test_what_is_no_whole_date_is_a_fault_and_no_clock_completes_it(written: str) -> None:
    assert fault_of(f"${{'{written}' | date}}") == "is not a date"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Sí", True),
        ("si", True),
        ("YES", True),
        ("1", True),
        ("verdadero", True),
        ("No", False),
        ("false", False),
        ("0", False),
        ("OFF", False),
    ],
)
def test_yes_and_no_are_read_in_english_and_spanish(written: str, expected: bool) -> None:
    assert value_of(f"${{'{written}' | bool}}") is expected


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
        ("a ${ } b", "has an empty ${}"),
    ],
)
def test_a_template_that_can_not_be_parted_says_why(text: str, words: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        template_of(text)

    assert str(caught.value) == words


def test_a_template_knows_how_it_was_written() -> None:
    assert template_of("${ hidden.lead_id }").source == "hidden.lead_id"
    assert template_of("id-${ fields.a }-${fields.b}").source == "id-${fields.a}-${fields.b}"
