"""What the keys of forms mean, in Spanish, English, Portuguese and the senders' own spelling.

A key means a field of the lead when nothing but that is left of it: ``your-name`` and ``¿Cuál es tu nombre?`` do, and
``nombre_del_proyecto`` does not. A longer question may still speak of a phone or an e-mail; its value then decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from relay.expressions.readings import plain


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that a key may have around the one that counts.
AROUND = words(
    "your tu su seu sua mi my de del da do la el o the user usuario cliente client contact contacto contato lead"
    " cual es qual que what is ingresa escribe enter por favor please"
)
NAMES = {
    "name": "name|nombre|nome|full name|fullname|nombre completo|nome completo|nombre y apellido|nombre y apellidos|"
    "nombres y apellidos|nome e sobrenome|nombre apellido|nombre apellidos",
    "first_name": "first name|firstname|given name|primer nombre|primeiro nome|nombres|prenome|fname",
    "last_name": "last name|lastname|surname|family name|apellido|apellidos|sobrenome|apelido|lname",
    "phone": "phone|phone number|telephone|telefono|telefone|tel|fono|celular|movil|mobile|mobile phone|mobile number|"
    "cell|cell phone|cellphone|whatsapp|whatsapp number|numero telefono|numero whatsapp|numero celular|telefono movil|"
    "telefono celular|text reminder number|work phone|work phone number|telemovel|numero telefone",
    "email": "email|e mail|mail|correo|correo electronico|email address|work email|email corporativo|correo e|"
    "endereco email|endereco e mail|direccion correo|direccion correo electronico|direccion email",
    "company": "company|company name|empresa|compania|nombre empresa|nome empresa|organization|organisation|"
    "organization name|organizacion|organizacao|razon social|razao social",
    "title": "job title|jobtitle|cargo|puesto|job position|funcao|puesto trabajo",
}
MEANING = {spelling: role for role, spellings in NAMES.items() for spelling in spellings.split("|")}
#: A question with one of these words speaks of it.
SPOKEN = {
    "email": words("email mail correo"),
    "phone": words("phone telefono telefone celular whatsapp movil mobile fono"),
}
#: An object of whom the values in it speak.
PERSON = words(
    "contact contacto contato person persona pessoa lead customer cliente client buyer comprador user usuario billing"
    " answers respuestas prospecto invitee"
)
#: Words of a key whose UUID is the lead's id.
LEAD_WORDS = words("lead leadid crm crmid prospecto")
#: Words of a key whose digits are no number to count with.
ID_WORDS = words("id ids rut dni cpf cnpj cep zip postal codigo code phone telefono tel fono celular")
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words_of_key(key: str) -> list[str]:
    """Part a key into plain words: ``workEmail`` and ``work_email`` alike."""
    return re.findall(r"[^\W_]+", plain(HUMP.sub(" ", key)))


def is_of_person(place: Sequence[str]) -> bool:
    """Whether a place may be of the person: it stands by itself, or in an object that is the person's."""
    return len(place) <= 2 or bool(PERSON & set(words_of_key(place[-2])))


def meaning_of(key: str) -> str:
    """Say which field of a lead a key means, ``name`` for a whole name; empty where it means none."""
    spelled = words_of_key(key)
    bare = [word for word in spelled if word not in AROUND]
    return MEANING.get(" ".join(spelled)) or MEANING.get(" ".join(bare), "")


def spoken_of(key: str) -> str:
    """Say whether a longer key speaks of a phone or an e-mail."""
    spelled = set(words_of_key(key))
    return next((role for role, spoken in SPOKEN.items() if spelled & spoken), "")
