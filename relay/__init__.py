"""Lead Relay: webhooks in, the right CRM lead updated, nothing lost on the way.

``receive`` verifies a request, parses it into events, maps each by its hook file and has the store accept them in
one atomic step. A worker's drain claims leads that are due, merges their pending updates into one body, performs
``PUT /leads/{id}`` and records the answer: delivered, superseded, waiting, or a dead letter that a person replays.

words      model, sending, hooks, accounts, errors, texts, lead_fields, shapes, spelling
decisions  expressions, grouping, identities, mapping, masking, merge, retry, silence, terms, drift
edges      settings, logs, rulebook, senders, store, leads_api, nudge, beat
journeys   receive, noticing, coverage, forms, live_rules, served, backtest, shadow, finding, replay, explain, trials,
           audit, status, alarms, metrics, timeline, telling, parked, inbox, suspects, cures, refusals, rehearsal,
           doctor, new_hook, drafts, ops, sandbox
wiring     wiring
processes  embedded, redis_server, tether, parts, supervisor, gunicorn_conf
top        cli, __main__, commands, workers

Each imports from its own row and those above it. Decisions have no clock, no Redis and no HTTP: time is an argument.
Edges do not know each other, processes know words alone. ``tests/test_layers.py`` holds all modules to this.
"""
