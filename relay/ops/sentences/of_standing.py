"""How the relay stands: alarms, pauses, what people did, the store."""

from __future__ import annotations

from relay.forms import LOST, TURNED
from relay.texts import N_

SENTENCES = (
    # Alarms, and what they are about.
    N_("the lead API refuses our key; set the right one"),
    N_("many failures in a row; one try every few seconds"),
    N_("the sender refuses our token: it ran out, was revoked, or may not read; set a new one"),
    N_("%(what)s has waited for %(span)s"),
    N_("no event since %(time)s; about %(number)s were to be expected"),
    N_("no worker is alive, and %(number)s lead is due"),
    N_("no worker is alive, and %(number)s leads are due"),
    N_("no background worker is alive, and %(number)s event waits for answers or for a lead"),
    N_("no background worker is alive, and %(number)s events wait for answers or for a lead"),
    N_("%(share)s of maxmemory are used; above %(limit)s new events are refused: raise it"),
    N_("the sum of events does not hold; see relay audit"),
    N_("%(number)s event could not be delivered"),
    N_("%(number)s events could not be delivered"),
    N_("runs out on %(day)s; set a new one, and %(name)s_EXPIRES with it"),
    N_("ran out on %(day)s; set a new one, and %(name)s_EXPIRES with it"),
    N_("asking for answers of hook %(hook)s"),
    N_("asking for leads at %(destination)s"),
    N_("answers of hook %(hook)s"),
    N_("leads at %(destination)s"),
    N_("destination %(destination)s"),
    N_("group %(group)s"),
    N_("dead letters"),
    N_("background worker"),
    N_("a form changed: %(words)s"),
    *LOST,
    *TURNED,
    # Pauses, rates, and other acts.
    N_("by %(who)s since %(time)s UTC"),
    N_("by %(who)s since %(time)s UTC: %(why)s"),
    N_("as set by LEADS_API_RATE"),
    N_("as set by LEADS_API_RATE: %(why)s"),
    N_("%(number)s PUTs a second"),
    N_("%(number)s PUTs a second: %(why)s"),
    N_("by its %(names)s"),
    N_("%(number)s of %(most)s events"),
    N_("%(number)s event"),
    N_("%(number)s events"),
    N_("replay %(title)s"),
    N_("%(how)s, with the stamp of now"),
    N_("edited by %(who)s"),
    # What is masked.
    N_("(masked, %(number)s characters)"),
    # What an audit found.
    N_("%(hook)s %(day)s: %(number)s accepted = %(sum)s"),
    N_("%(hook)s %(day)s: %(number)s accepted = %(sum)s, %(most)s have no record"),
    N_("%(hook)s %(day)s: %(number)s accepted = %(sum)s, the counters differ"),
    N_("lead %(lead)s has pending updates but is not due"),
    N_("lead %(lead)s is due but has nothing pending"),
    N_("event %(event)s is pending under lead %(lead)s and on a shelf"),
    N_("events of hook %(hook)s stand on a shelf, but the hook is not paused"),
    N_("event %(event)s is in flight but not pending under lead %(lead)s"),
    N_("lead %(lead)s has event %(event)s pending, which is not in flight"),
    N_("event %(event)s stands on a shelf for lead %(lead)s, but is not in flight"),
    # The store.
    N_("Redis is nearly full: raise maxmemory, nothing was accepted"),
    N_("Redis is full: raise maxmemory, nothing was accepted"),
    N_("Redis is a read-only replica: let REDIS_URL name the primary"),
    N_("Redis is away or still loading: start it, or check REDIS_URL"),
    N_("Redis refused a command (%(error)s): see its log"),
    N_("Redis refuses writes: see its log, nothing was accepted"),
    N_("the store's call broke off: see the log, nothing was accepted"),
    N_("a record has form %(number)s, which this relay does not know: run the one that wrote it"),
)
