"""`expand[]`: objects in the place of their ids."""

from sandbox import refunds
from sandbox.api import checkout_sessions
from sandbox.errors import Json, StripeError
from sandbox.world import Call


def expand(call: Call, body: Json) -> Json:
    """Return the body with what `expand` names put in; raise for what cannot be expanded."""
    for path in call.params.get("expand", ()):
        names = path.split(".")
        if len(names) > 4:
            raise StripeError("You cannot expand more than 4 levels of a property.", param="expand")
        if body["object"] == "list":
            if names[0] != "data":
                raise _refusal(path)
            for item in body["data"]:
                _expand(call, item, names[1:], path)
        else:
            _expand(call, body, names, path)
    return body


def _expand(call: Call, node: Json, names: list[str], path: str) -> None:
    if not names:
        return
    name, *deeper = names
    if "object" in node and name not in _expandable(call, node["object"]):
        raise _refusal(path)
    value = node.get(name)
    if isinstance(value, str):
        value = node[name] = call.store.find_any(value)
    elif node.get("object") == "checkout.session" and name == "line_items":
        value = node[name] = checkout_sessions.items_page(call, node, 10)
    elif node.get("object") == "charge" and name == "refunds":
        value = node[name] = refunds.newest_page(call, node["id"])
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            _expand(call, each, deeper, path)


def _expandable(call: Call, kind: str) -> frozenset[str]:
    return frozenset({"data"}) if kind == "list" else call.world.contract.expandable(kind)


def _refusal(path: str) -> StripeError:
    return StripeError(f"This property cannot be expanded ({path}).", param="expand")
