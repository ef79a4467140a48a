"""The names that a hook file reads are known with the place where each is read."""

from __future__ import annotations

from relay.mapping.uses import uses
from tests.hook_texts import HEAD, hook_of

FILE = (
    HEAD
    + """event:
  id: ${raw.token}-${fields.numero}
  time: ${raw.at}
lead:
  match:
    phone: ${fields.telefono | phone('CL')}
    email: ${fields.correo}
rules:
  - name: contact
    update:
      first_name: ${fields['Tu nombre'] | first_word}
      last_name: ${fields.nombre or fields.apellido} ${fields.apellido}
      metadata:
        origen: web
  - name: qualified
    when: form.id == 'Ab12' and fields.grupo[0].uf >= 3000
    update:
      metadata:
        uf: ${fields[fields.cual]}
"""
)


def test_every_name_is_given_with_rule_register_and_line_in_the_order_of_the_file() -> None:
    found = [(one.name, one.rule, one.register, one.line) for one in uses(hook_of(FILE))]

    assert found == [
        ("fields['Tu nombre']", "contact", "first_name", 13),
        ("fields.nombre", "contact", "last_name", 14),
        ("fields.apellido", "contact", "last_name", 14),
        ("form.id", "qualified", "", 18),
        ("fields.grupo[0].uf", "qualified", "", 18),
        ("fields", "qualified", "metadata.uf", 21),
        ("fields.cual", "qualified", "metadata.uf", 21),
        ("raw.token", "", "event: id", 4),
        ("fields.numero", "", "event: id", 4),
        ("raw.at", "", "event: time", 5),
        ("fields.telefono", "", "lead: match: phone", 8),
        ("fields.correo", "", "lead: match: email", 9),
    ]


def test_a_name_comes_with_the_expression_that_it_stands_in() -> None:
    sources = {one.name: one.source for one in uses(hook_of(FILE))}

    assert sources["fields.nombre"] == sources["fields.apellido"] == "fields.nombre or fields.apellido"
    assert sources["fields.grupo[0].uf"] == "form.id == 'Ab12' and fields.grupo[0].uf >= 3000"
    assert sources["fields.telefono"] == "fields.telefono | phone('CL')"


def test_a_rule_without_a_name_in_it_reads_none() -> None:
    text = HEAD + "lead: {id: '${hidden.lead_id}'}\nrules:\n  - {name: a, when: true, update: {title: CEO}}\n"

    assert [one.names for one in uses(hook_of(text))] == [("hidden", "lead_id")]
