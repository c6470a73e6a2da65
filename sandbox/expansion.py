"""`expand[]`: objects in the place of their ids."""

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
    if "object" in node and name not in call.world.contract.expandable(node["object"]):
        raise _refusal(path)
    value = node.get(name)
    if isinstance(value, str):
        value = node[name] = call.store.find_any(value)
    if isinstance(value, dict):
        _expand(call, value, deeper, path)


def _refusal(path: str) -> StripeError:
    return StripeError(f"This property cannot be expanded ({path}).", param="expand")
