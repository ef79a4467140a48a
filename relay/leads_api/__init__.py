"""The CRM's client: an answer as a result or a typed error. What an error means is decided in ``retry``.

``client`` makes the calls, ``pool`` keeps the connections of the PUTs, ``answers`` reads what came back, and ``rows``
looks at what a search found. Sources: the lead API's pages "Update Lead", "Get Lead" and "Create Lead".
"""

from relay.leads_api.client import LeadsApi

__all__ = ["LeadsApi"]
