"""Lead Relay: webhooks in, the right CRM lead updated, nothing lost on the way.

``receive`` verifies a request, parses it into events, maps each by its hook file and has the store accept them in
one atomic step. A worker's drain claims leads that are due, merges their pending updates into one body, performs
``PUT /leads/{id}`` and records the answer: delivered, superseded, waiting, or a dead letter that a person replays.

words      model, errors, lead_fields
decisions  expressions, mapping, merge, retry            no clock, no Redis, no HTTP: time is an argument
edges      settings, rulebook, senders, store, leads_api
journeys   receive, replay, ops, sandbox
wiring     builds it all from Settings
top        cli, and the package workers
"""
