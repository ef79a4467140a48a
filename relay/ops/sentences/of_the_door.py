"""What the door refuses, and where secrets are set at senders."""

from __future__ import annotations

from relay.texts import N_

SENTENCES = (
    # What the door says of a request.
    N_("the signature can't be read as one of %(sender)s"),
    N_("the body could not be read as a %(sender)s event"),
    N_("the body holds %(number)s events; send at most %(most)s at a time"),
    N_("the handshake can't be read as one of %(sender)s"),
    N_("the body broke off or its chunks can't be read"),
    N_("the body is larger than %(most)s bytes"),
    N_("the body broke off after %(size)s of %(most)s bytes"),
    # Signatures and tokens.
    N_("there is no %(header)s header; %(words)s"),
    N_("there is no %(header)s header, and no %(token)s in the address; %(words)s"),
    N_("there is no Authorization or X-Api-Key header; %(words)s"),
    N_("there is no Authorization or X-Api-Key header, and no %(token)s in the address; %(words)s"),
    N_("there is no %(first_header)s or %(header)s header; %(words)s"),
    N_("there is no %(mark)s in the %(header)s header; %(words)s"),
    N_("there is no %(key)s in the body; %(words)s"),
    N_("the %(header)s header does not match any of the hook's secrets"),
    N_("the Authorization or X-Api-Key header does not match any of the hook's secrets"),
    N_(
        "the Authorization or X-Api-Key header, or the %(token)s in the address, does not match any of the "
        "hook's secrets"
    ),
    N_("the %(key)s in the body does not match any of the hook's secrets"),
    N_("the %(header)s header is %(seconds)s s old, more than %(most)s s; set the clocks, or send it anew"),
    N_("the %(header)s header is %(seconds)s s in the future, more than %(most)s s; set the clocks, or send it anew"),
    N_("the moment in the %(header)s header is no whole number"),
    N_(
        "the %(header)s header holds v1a signatures alone, which are not supported; have the sender sign "
        "with a shared secret (v1)"
    ),
    N_("the webhook-id and svix-id headers differ; one of them is not signed"),
    N_("the webhook-id header is missing"),
    N_("a form post of WPForms can't be checked; set the webhook's request format to JSON"),
    N_("this is no subscription of a webhook"),
    N_("the verify token is not the hook's verify_token; type the same one at Meta"),
    N_("there is no secret to answer with; set the hook's"),
    N_("challengeCode is no code of LinkedIn's: it may hold letters, digits and dashes alone"),
    # Bodies.
    N_("%(what)s is empty"),
    N_("%(what)s is an empty list"),
    N_("%(what)s is not JSON: line %(line)s, column %(column)s: %(words)s"),
    N_("%(what)s is nested too deeply"),
    N_("%(what)s is %(kind)s, not an object"),
    N_("%(what)s is %(kind)s, not a list"),
    N_("%(what)s is %(kind)s, not text"),
    N_("the body is no form post; Jotform sends multipart/form-data"),
    N_("the body can't be read as a form of at most %(most)s fields in UTF-8"),
    N_("a change has no leadgen_id"),
    N_("leadGenFormResponse ends with no id"),
    N_("the field of an answer has no ref and no id"),
    N_("the event has no id: neither an attribute of the body nor a ce-id header"),
    N_("data_base64 is no base64 of JSON"),
    # Where the secret is set, or what proves a request: adapters of senders say it.
    N_("make the webhook subscription anew with a signing_key, the same as the hook's secret"),
    N_("have the producer send the hook's secret as a bearer token"),
    N_("add one at the form's tab Webhook, with the hook's secret"),
    N_("have the sender sign with the hook's secret, as the hook file describes"),
    N_("write ?token= with the hook's secret behind the address in Elementor"),
    N_("add one to the webhook in its advanced mode, with the hook's secret"),
    N_("add one at the sender, with the hook's secret, or describe its signature"),
    N_("set a secret at the %(sender)s webhook, the same as the hook's"),
    N_("type one into the lead form, the same as the hook's secret"),
    N_("install the script of the relay's page on Google Forms, with the hook's secret as its RELAY_SECRET"),
    N_("add one to the Request Headers of the Webhooks feed, with the hook's secret"),
    N_("let HubSpot call the hook from an app whose client secret is the hook's secret"),
    N_("end the address at Jotform with ?token=<the secret>"),
    N_("let the webhook sign (X-Nexor-Signature) or add such a header to it, with the hook's secret"),
    N_("only LinkedIn's own notifications are taken"),
    N_("add one to the HTTP module, with the hook's secret"),
    N_("the webhook must belong to a Meta app with an app secret"),
    N_("give the hook the app's client secret, or that which Settings > Notifications > Webhooks shows"),
    N_("give the hook the endpoint's signing secret"),
    N_("give the hook the endpoint's signing secret, from Developers > Webhooks"),
    N_("set a signing secret at the Tally webhook, the same as the hook's"),
    N_("subscribe with an app, whose client secret is the hook's, or put ?token= with the secret into the address"),
    N_("add one to the webhook at Unbounce, with the hook's secret"),
    N_(
        "webhooks made over Webflow's API have an X-Webflow-Signature header; end the address of one made in "
        "its dashboard with ?token=<the hook's secret>"
    ),
    N_("add one to the Zap, with the hook's secret"),
)
