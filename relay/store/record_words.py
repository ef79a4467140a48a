"""Words that most records hold, with which they are compressed so that small ones become smaller.

A record names the version of its words in its first byte; a new text is a new version beside the old ones.
"""

from __future__ import annotations

WORDS_1 = (
    b'"payload":{"form":{"type":"yes_no","legal":true},"company":"","title":"","multiple_choice","allow_multiple_selections":true,'
    b'"choices":[{"id":"","label":"","ref":"","other"}],"choice":{"labels":[""],"ids":[""],"refs":[""]},"type":"choices",'
    b'"boolean":true,"number":"type":"date","date":"2026-","file_url":"https://","url":"","phone_number":"+56","email":"@gmail.com",'
    b'"variables":[{"key":"score","type":"number","number":0}],"calculated":{"score":0},"ending":{"id":"DefaultTyScreen","ref":"default_tys"},'
    b'"endings":[{"title":"","type":"thankyou_screen","properties":{"show_button":false,"share_icons":false}}],'
    b'"definition":{"id":"","title":"","fields":[{"id":"","ref":"","type":"short_text","title":"","properties":{}},{"type":"long_text",'
    b'"answers":[{"type":"text","text":"","field":{"id":"","type":"short_text","ref":""}},{'
    b'{"event_id":"","event_type":"form_response","form_response":{"form_id":"","token":"","landed_at":"2026-","submitted_at":"2026-T:00Z",'
    b'"hidden":{"lead_id":"","utm_source":"","utm_medium":"","utm_campaign":""},"form_response_partial"}}'
    b'"application/x-www-form-urlencoded","application/json","typeform","zapier","default",[["","set","by",{"campaign_id":'
    b'"metadata.estado_lead":"metadata.broker_asociado":"metadata.utm_source":"metadata.utm_campaign":'
    b'"first_name":"last_name":"email":"phone":"contact details"}}],{"metadata.'
)

#: With the headers of most requests before them.
WORDS_2 = (
    b'"x-retry-count":"0","x-attempt":"1","origin":"https://www.","referer":"https://www.",'
    b'"x-hubspot-request-timestamp":"17","x-hubspot-signature-v3":"(masked, 64 characters)","user-agent":"'
    b"HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-clie"
    b'nt) - WebhooksExecutorDaemon-executor","user-agent":"Shopify-Captain-Hook","x-shopify-topic":"'
    b'orders/create","x-shopify-hmac-sha256":"x-shopify-shop-domain":".myshopify.com","x-shopify-api-version":"'
    b'2026-","x-shopify-webhook-id":"x-shopify-triggered-at":"2026-","x-shopify-event-id":""user-agent":"'
    b'GitHub-Hookshot/","x-github-delivery":"x-github-event":"x-github-hook-id":"'
    b'"x-github-hook-installation-target-id":"x-github-hook-installation-target-type":"repository",'
    b'"x-hub-signature-256":"Webhooks/1.0 (https://fb.me/webhooks)","user-agent":"'
    b'Stripe/1.0 (+https://stripe.com/docs/webhooks)","stripe-signature":"Svix-Webhooks/1.","webhook-timestamp":"'
    b'17","svix-timestamp":"17","svix-signature":""webhook-signature":"x-webflow-timestamp":"17",'
    b'"x-webflow-signature":"calendly-webhook-signature":"(masked, 79 characters)","tally-signature":"'
    b'x-li-signature":"(masked, 75 characters)","tiktok-signature":"(masked, 78 characters)","ce-specversion":"'
    b'1.0","ce-time":"2026-","ce-type":"python-requests/2.","okhttp/4.",'
    b'"Apache-HttpClient/4.5 (Java/Mozilla/5.0 (compatible; Google-Apps-Script; beanse'
    b'rver; +https://script.google.com; id: )","axios/1.","node-fetch","user-agent":"GravityForms/2.",'
    b'"user-agent":"WPForms/1.","x-wpforms-webhook-signature":""user-agent":"WordPress/6.; https://www.",'
    b'"user-agent":"Make/production","authorization":"(masked, 39 characters)","x-api-key":"'
    b'(masked, 32 characters)","user-agent":"Zapier","x-request-id":"{"user-agent":"Typeform Webhooks",'
    b'"typeform-signature":"(masked, 51 characters)"}'
) + WORDS_1

DICTIONARIES = {b"\x01": WORDS_1, b"\x02": WORDS_2}
