"""Stripe's form encoding: nested names in brackets, and every value a string."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.errors import Json, NotBegunError

NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def decode(pairs: Iterable[tuple[str, str]]) -> Json:
    """Return nested objects from pairs such as ("shipping[name]", "Ada") and ("expand[]", "x").

    Arrays stay objects with numbers as keys until `cast` meets the contract. Raises NotBegunError
    for a name that cannot be read.
    """
    tree: Json = {}
    for name, value in pairs:
        match = NAME.match(name)
        if match is None:
            raise NotBegunError(f"Invalid parameter name: {name}.", param=name)
        node = tree
        *parents, last = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        for part in parents:
            child = node.setdefault(part or str(len(node)), {})
            if not isinstance(child, dict):
                raise NotBegunError(f"Parameter {name} is given twice, in two shapes.", param=name)
            node = child
        node[last or str(len(node))] = value
    return tree


def cast(value: Any, schema: Json, fits: Callable[[Json, Any], bool]) -> Any:
    """Return the value with its strings turned into what the schema asks for.

    What cannot be turned is left as it is, so that validation names it. `fits` says whether a
    value satisfies a schema; it chooses between alternatives.
    """
    if "anyOf" in schema:
        for alternative in schema["anyOf"]:
            candidate = cast(value, alternative, fits)
            if fits(alternative, candidate):
                return candidate
        # Nothing fits: cast towards the richest shape, so that the fault found is inside it.
        return cast(value, schema["anyOf"][0], fits)
    if isinstance(value, dict):
        return _cast_tree(value, schema, fits)
    return _cast_word(value, schema.get("type"))


def _cast_tree(value: Json, schema: Json, fits: Callable[[Json, Any], bool]) -> Any:
    if schema.get("type") == "array":
        return [cast(item, schema.get("items", {}), fits) for item in value.values()]
    rest = schema.get("additionalProperties")
    named = schema.get("properties", {})
    anything: Json = rest if isinstance(rest, dict) else {}
    return {key: cast(item, named.get(key, anything), fits) for key, item in value.items()}


def _cast_word(value: str, kind: Any) -> Any:
    if kind == "integer" and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    if kind == "number" and re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", value):
        return float(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "array" and value == "":
        return []
    return value
