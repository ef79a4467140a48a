"""What is wrong with hook files."""

from __future__ import annotations

from relay.texts import N_

SENTENCES = (
    # Expressions that can't be compiled.
    N_("can't be read: %(words)s; %(hint)s"),
    N_("compare with =="),
    N_("write and"),
    N_("write not"),
    N_("a quote is not closed"),
    N_("unexpected %(token)s"),
    N_("has a ${ that is not closed; put the whole value in quotes if it holds ' #' or ': '"),
    N_("has an empty ${}"),
    N_("has a ${ with a quote that is not closed"),
    N_("is an expression already; leave out ${ }"),
    N_("unknown name %(value)s; %(hint)s"),
    N_("unknown test 'is %(value)s'; %(hint)s"),
    N_("unknown filter %(value)s; %(hint)s"),
    N_("compares with nothing, which never holds; write 'not fields.x' or 'fields.x is missing'"),
    N_("filter %(value)s needs its %(name)s written out in quotes"),
    N_("is nested too deeply"),
    N_("calls a function, which expressions can't; use a filter, as in fields.name | upper"),
    N_("uses **, which expressions don't have"),
    N_("filter %(value)s: unknown %(name)s %(other)s; write the two letters of a country"),
    N_("filter %(value)s: unknown %(name)s %(other)s; %(hint)s"),
    N_("filter %(value)s: %(words)s"),
    # What was meant.
    N_("did you mean %(meant)s?"),
    N_("did you mean %(meant)s?; other text is put in quotes"),
    N_("the %(what)s are %(choices)s"),
    N_("the %(what)s are %(choices)s; other text is put in quotes"),
    N_("there are no %(what)s"),
    N_("there are no %(what)s; other text is put in quotes"),
    # The folder.
    N_("holds no hook file; add one, as in %(file)s"),
    N_("no such folder; set RELAY_RULES to the folder of the hook files"),
    N_("hook %(value)s is in %(file)s too; rename one of the two"),
    # The file.
    N_("the name %(value)s can't be part of a URL; use a to z, 0 to 9, - and _, 64 at the most"),
    N_("the file has no sender; add one of %(choices)s"),
    N_("unknown sender %(value)s; %(hint)s"),
    N_("unknown destination %(value)s; %(hint)s"),
    N_("the file has no secrets; name the environment variables that hold them, as in secrets: [TYPEFORM_SECRET]"),
    N_("the file has no lead; say how it is found: by id, as in ${hidden.lead_id}, or by match"),
    N_("lead needs one of id and match"),
    N_("lead: missing belongs to match; an event whose id is missing is parked"),
    N_(
        "lead: nameless belongs to missing: create; it is the first name of a lead that is created from an "
        "event without one"
    ),
    N_("lead: match is empty; match by %(names)s"),
    N_("the file has no rules; add one with a name and an update"),
    N_("more than %(most)s rules have 'deliver: each'; merge some of them"),
    N_("secret %(value)s is not set; set this environment variable"),
    N_("the file has no %(name)s; name the environment variable that holds %(what)s"),
    N_("%(name)s %(value)s is not set; set this environment variable"),
    N_("%(value)s and %(other)s are the same key"),
    N_("rule %(rule)s has the name of the rule in line %(line)s"),
    # Its rules.
    N_("rule %(rule)s has no name; the name is what people see beside each value that it set"),
    N_("%(what)s has no update; say what should be true of the lead"),
    N_("%(what)s has an update with nothing in it"),
    N_("%(what)s has metadata with nothing in it"),
    N_("must be one value, not %(kind)s"),
    N_("is empty; leave it out"),
    N_("%(what)s is the same for every event; write an expression in ${ }"),
    N_("must be text, a number or true/false, not %(kind)s; metadata is flat"),
    N_("is null, and the lead API does not say what that does to a key; write a text, as in 'ninguno'"),
    N_("%(words)s; put it in quotes"),
    N_("%(what)s sets unknown field %(value)s"),
    N_("%(what)s sets unknown field %(value)s; %(hint)s"),
    N_("anything else goes under metadata"),
    N_("%(words)s; anything else goes under metadata"),
    N_("write %(value)s under metadata"),
    # Its signature.
    N_("signature: tolerance must be a number of seconds up to %(most)s, as in %(number)s"),
    N_("signature belongs to sender: generic; it is known how %(sender)s signs"),
    N_("signature has no header; name the header that holds it, as in X-Signature"),
    N_("signature: signed leaves out the body; then anybody could change it"),
    N_(
        "signature: timestamp is neither a header, as in X-Timestamp, nor what stands before it in the "
        "signature's own, as in t="
    ),
    N_("signature: timestamp is signed; say where it stands, as in timestamp: X-Timestamp, or timestamp: t="),
    N_("signature: timestamp is not among the signed parts; then anybody could change it"),
    N_("signature: tolerance needs a timestamp; without one no age is known"),
    N_("signature: id is signed; name its header, as in id: webhook-id"),
    N_("signature: signed: unknown part %(value)s; %(hint)s"),
    N_("signature: %(name)s is no name of a header; write it as in X-Signature"),
    # Its shadow.
    N_("shadow must be a path inside the folder of this file, as in shadow/%(name)s.yaml, not %(value)s"),
    N_("shadow must be a hook file, which ends in .yaml, as in shadow/%(name)s.yaml, not %(value)s"),
    N_(
        "shadow %(value)s would be a hook itself in the folder of this file; put it into a folder beside, "
        "as in shadow/%(name)s.yaml"
    ),
    N_("a shadow maps the events of its hook, whose sender is %(sender)s, not %(value)s"),
    N_("is not there: put it there, or take the key shadow out"),
    # Its YAML.
    N_("is not UTF-8 text"),
    N_("is not YAML: %(words)s"),
    N_("is empty"),
    N_("a tab; indent with spaces"),
    N_("a ': ' where none can be; put the value in quotes"),
    N_("a character that can't begin a value; put the value in quotes"),
    N_("a quote that is not closed"),
    N_("text after a closing quote; put the whole value in quotes"),
    N_("a ${ inside [ ] or { }; put the value in quotes, or write one key on each line"),
    N_("an indentation that does not fit the lines above"),
    N_("a line that is neither a key with its ':' nor part of the value above"),
    N_("a second document after ---; one file is one hook"),
    N_("an alias (*) without its anchor (&)"),
    N_("%(what)s must be an object, not %(kind)s"),
    N_("%(what)s must be a list, not %(kind)s"),
    N_("%(what)s must be %(choices)s or %(other)s, not %(kind)s"),
    N_("%(what)s must be text, not %(kind)s"),
    N_("the tag %(value)s means nothing here; leave it out, or put the value in quotes"),
    N_("%(what)s has a key that is no text"),
    N_("%(what)s has the unknown key %(value)s; %(hint)s"),
    N_("%(what)s has the key %(value)s twice"),
)
