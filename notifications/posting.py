"""One POST to an outside party's API, and what its answer means for the step."""

from http import HTTPStatus
from typing import Any

import requests
from django.utils.translation import gettext as _

from notifications.failures import GiveUpError, OutsideError

SECONDS = 15


def post(party: str, advice: str, address: str, **request: Any) -> None:
    """POST to `address` with the arguments of requests.post; 2xx is a yes.

    Raises OutsideError when `party` cannot be reached, has a fault or is too busy, and GiveUpError
    with its own words and our `advice` when it refuses.
    """
    try:
        answer = requests.post(address, timeout=SECONDS, allow_redirects=False, **request)
    except requests.RequestException as error:
        # Not the error's own text: it may have a key in an address.
        said = _("%(party)s could not be reached (%(error)s).")
        raise OutsideError(said % {"party": party, "error": type(error).__name__}) from error
    words = {"party": party, "status": answer.status_code, "answer": _told(answer)}
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.status_code >= 500:
        raise OutsideError(_("%(party)s answered %(status)s: %(answer)s") % words)
    if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        said = _("%(party)s refused (%(status)s): %(answer)s %(advice)s")
        raise GiveUpError(said % {**words, "advice": advice})


def _told(answer: requests.Response) -> str:
    """What the party says of a refusal: Twilio's "message", or Meta's within "error"."""
    try:
        body = answer.json()
        return str(body.get("message") or body["error"]["message"])
    except (ValueError, AttributeError, KeyError, TypeError):
        return answer.reason or ""
