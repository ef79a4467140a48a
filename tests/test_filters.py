"""What filters make of what people type."""

from __future__ import annotations

import pytest

from relay.model import Json
from tests.one_expression import fault_of, value_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${fields.telefono | phone('CL')}", "+56987654321"),
        ("${'+56 9 8765 4321' | phone}", "+56987654321"),
        ("${56987654321 | phone('CL')}", "+56987654321"),
        ("${'+54 9 11 2345 6789' | phone('CL')}", "+5491123456789"),
        ("${' MJ.Munoz@Example.COM ' | email}", "mj.munoz@example.com"),
        ("${'12.531.909-2' | rut}", "12.531.909-2"),
        ("${' 0125319092 ' | rut}", "12.531.909-2"),
        ("${125319092 | rut}", "12.531.909-2"),
        ("${'7654321-6' | rut}", "7.654.321-6"),
        ("${'20.347.878-k' | rut}", "20.347.878-K"),
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


@pytest.mark.parametrize("written", ["12.531.909-3", "12.531.909", "1-9", "no tengo", "1" * 500])
def test_what_is_no_rut_is_a_fault(written: str) -> None:
    assert fault_of(f"${{'{written}' | rut}}") == "is not a RUT; it ends with its check digit, as in 12.345.678-5"


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
