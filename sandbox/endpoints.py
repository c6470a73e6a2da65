"""Webhook endpoints: who is told about an event, and what the telling is signed with."""

from sandbox.config import Config
from sandbox.errors import Json
from sandbox.store import Store

CONFIGURED = "we_configured"


def configure(store: Store, config: Config, now: float) -> None:
    """Keep the endpoint that the environment asks for; a secret that it changes holds at once."""
    old = store.find("webhook_endpoint", CONFIGURED)
    if not config.webhook_url:
        store.remove(CONFIGURED)
        return
    signing = {"told": config.webhook_secret, "secrets": [_lasting(config.webhook_secret)]}
    if old is None:
        store.add(blank(CONFIGURED, config.webhook_url, ["*"], int(now)), signing)
        return
    store.save({**old, "url": config.webhook_url})
    if store.hidden(CONFIGURED)["told"] != config.webhook_secret:
        store.hide(CONFIGURED, signing)


def add(store: Store, endpoint: Json, secret: str) -> None:
    """Keep a new endpoint."""
    store.add(endpoint, {"told": secret, "secrets": [_lasting(secret)]})


def rotate(store: Store, endpoint_id: str, secret: str, now: float, overlap: float) -> None:
    """Sign with a new secret, and with the old ones too for `overlap` seconds more."""
    hidden = store.hidden(endpoint_id)
    old = [
        {**each, "until": min(each["until"] or now + overlap, now + overlap)}
        for each in hidden["secrets"]
    ]
    hidden["secrets"] = [_lasting(secret), *(each for each in old if each["until"] > now)]
    store.hide(endpoint_id, hidden)


def secrets_of(store: Store, endpoint_id: str, now: float) -> list[str]:
    """Return what to sign with now, the newest secret first."""
    return [
        each["secret"]
        for each in store.hidden(endpoint_id)["secrets"]
        if each["until"] is None or each["until"] > now
    ]


def receivers(store: Store, event_type: str) -> list[str]:
    """Return the ids of the enabled endpoints that asked for events of that type."""
    return [
        each["id"]
        for each in store.newest_first("webhook_endpoint")
        if each["status"] == "enabled" and {"*", event_type} & set(each["enabled_events"])
    ]


def blank(endpoint_id: str, url: str, enabled_events: list[str], created: int) -> Json:
    """Return an endpoint as it looks when it is new."""
    return {
        "id": endpoint_id,
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": created,
        "description": None,
        "enabled_events": enabled_events,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
    }


def _lasting(secret: str) -> Json:
    return {"secret": secret, "until": None}
