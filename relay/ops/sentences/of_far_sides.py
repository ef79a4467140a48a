"""What we say of far sides that did not say it themselves: the lead API, and senders that are asked for answers."""

from __future__ import annotations

from relay.texts import N_

SENTENCES = (
    # The lead API, where it has no words of its own.
    N_("the lead that was known for it is not in the CRM any more"),
    N_("the lead API answered %(status)s"),
    N_("the lead API did not answer in time"),
    N_("the lead API cut the connection"),
    N_("could not reach the lead API"),
    N_("could not connect to the lead API"),
    N_("the lead API created a lead and did not say which"),
    N_("the search found too many leads to be sure"),
    N_("the lead API's answer to a search can't be read"),
    # Senders that are asked for answers; the name of the sender stands before it.
    N_("the token is empty, or holds characters that no token has; set it anew"),
    N_("%(sender)s could not be reached"),
    N_("what is to be fetched has no id"),
    N_("the token has expired or was revoked; set a new one"),
    N_("the session of the token is not valid; set a new one"),
    N_("its limit of calls is reached"),
    N_("the token may not read leads; give it leads_retrieval, and access in Leads Access Manager"),
    N_("the token may not read leads; it needs r_marketing_leadgen_automation and a role on the account"),
    N_("the token has expired, or its member lacks the role; set a new one"),
    N_("the token does not see this lead: it was deleted, is a test of the dashboard, or belongs to another page"),
    N_("the token does not see this lead, or it was deleted"),
    N_("it could not answer"),
    N_("it refused the call with code %(code)s"),
    N_("it refused the call with %(status)s"),
)
