"""Stripe's contract: every request, answer and event is held against it."""

import json
import logging
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.errors import Json, NotBegunError
from sandbox.forms import cast

FILE = Path(__file__).parent / "contract" / "stripe.jsonschema.json"
ADDRESS = "urn:stripe"

log = logging.getLogger(__name__)


class Contract:
    """Stripe's contract with validators that are built when first needed and then kept."""

    def __init__(self) -> None:
        document = json.loads(FILE.read_text(encoding="utf-8"))
        self.requests: Json = document["requests"]
        for part in (document["responses"], document["$defs"]):
            _close(part)
        self.definitions: Json = document["$defs"]
        self.registry: Registry[Any] = Registry().with_resource(
            ADDRESS, DRAFT202012.create_resource(document)
        )
        self.validators: dict[str, Draft202012Validator] = {}

    @cached_property
    def event_types(self) -> frozenset[str]:
        """Return the types of event that a webhook endpoint can ask for."""
        enabled = self.requests["POST /v1/webhook_endpoints"]["properties"]["enabled_events"]
        return frozenset(enabled["items"]["enum"])

    def expandable(self, kind: str) -> frozenset[str]:
        """Return the names of the fields of an object that `expand` may name."""
        return frozenset(self.definitions[kind].get("x-expandableFields", ()))

    def read_request(self, call: str, form: Json) -> Json:
        """Return the parameters with their types; raise NotBegunError for a breach."""
        schema = self.requests[call]
        params: Json = cast(form, schema, self._fits)
        fault = best_match(self._validator("requests", call).iter_errors(params))
        if fault is not None:
            raise _refusal(fault)
        return params

    def response_problems(self, call: str, body: Json) -> list[str]:
        """Return what is wrong with a successful answer; nothing when it keeps the contract."""
        return _problems(self._validator("responses", call), body)

    def object_problems(self, kind: str, body: Json) -> list[str]:
        """Return what is wrong with an object of that kind, or with "error" answers."""
        return _problems(self._validator("$defs", kind), body)

    def event_problems(self, event: Json) -> list[str]:
        """Return what is wrong with an event, its type and the object that it carries."""
        problems = self.object_problems("event", event)
        if event["type"] not in self.event_types:
            problems.append(f"{event['type']} is no event type")
        carried = event["data"]["object"]
        return problems + self.object_problems(carried["object"], carried)

    def _validator(self, section: str, name: str) -> Draft202012Validator:
        pointer = f"{section}/{name.replace('~', '~0').replace('/', '~1')}"
        if pointer not in self.validators:
            reference = f"{ADDRESS}#/{pointer.replace('{', '%7B').replace('}', '%7D')}"
            self.validators[pointer] = Draft202012Validator(
                {"$ref": reference.replace(" ", "%20")}, registry=self.registry
            )
        return self.validators[pointer]

    def _fits(self, schema: Json, value: Any) -> bool:
        return bool(Draft202012Validator(schema).is_valid(value))


def _close(schema: Any) -> None:
    """Refuse what the schema does not name, and resolve references against the whole document."""
    if isinstance(schema, list):
        for item in schema:
            _close(item)
    elif isinstance(schema, dict):
        for item in schema.values():
            _close(item)
        if isinstance(schema.get("$ref"), str):
            schema["$ref"] = ADDRESS + schema["$ref"]
        if isinstance(schema.get("properties"), dict) and schema.get("type") is not None:
            schema.setdefault("additionalProperties", False)


def _problems(validator: Draft202012Validator, body: Json) -> list[str]:
    if validator.is_valid(body):
        return []
    return [f"{fault.json_path}: {fault.message[:300]}" for fault in _leaves(validator, body)]


def _leaves(validator: Draft202012Validator, body: Json) -> Iterable[ValidationError]:
    for fault in validator.iter_errors(body):
        deepest = best_match([fault])
        yield fault if deepest is None else deepest


def _refusal(fault: ValidationError) -> NotBegunError:
    """Return Stripe's words for a parameter that breaks the contract."""
    path = [str(part) for part in fault.absolute_path]
    rule: Any = fault.validator_value
    known: Any = fault.schema
    given: Any = fault.instance
    if fault.validator == "additionalProperties":
        unknown = next(key for key in given if key not in known["properties"])
        name = _name([*path, unknown])
        return NotBegunError(
            f"Received unknown parameter: {name}", code="parameter_unknown", param=name
        )
    if fault.validator == "required":
        wanted = next(key for key in rule if key not in given)
        name = _name([*path, wanted])
        return NotBegunError(
            f"Missing required param: {name}.", code="parameter_missing", param=name
        )
    name = _name(path)
    if fault.validator == "enum":
        choices = ", ".join(str(choice) for choice in rule)
        return NotBegunError(f"Invalid {name}: must be one of {choices}", param=name)
    if fault.validator == "maxLength":
        return NotBegunError(
            f"Invalid string: {str(given)[:20]}…; must be at most {rule} characters",
            param=name,
        )
    wanted_type = str(rule)
    code = {"integer": "parameter_invalid_integer"}.get(wanted_type, "")
    return NotBegunError(f"Invalid {wanted_type}: {given}", code=code, param=name)


def _name(path: list[str]) -> str:
    head, *rest = path
    return head + "".join(f"[{part}]" for part in rest)
