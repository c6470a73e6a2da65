"""The ways in which an API call is refused, in Stripe's error shape."""

from typing import Any

Json = dict[str, Any]


class StripeError(Exception):
    """A call was refused after it began: nothing of it is kept, and the answer is replayed."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
        payment_intent: Json | None = None,
        setup_intent: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {"type": kind, "message": message}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param
        if payment_intent is not None:
            self.error["payment_intent"] = payment_intent
        if setup_intent is not None:
            self.error["setup_intent"] = setup_intent


class NotBegunError(StripeError):
    """A call was refused before it began: its answer is not kept under the idempotency key."""


class PaymentDeclinedError(StripeError):
    """A payment or a setup was tried and declined: what the try left behind is kept."""

    def __init__(self, error: Json, intent: Json) -> None:
        super().__init__(error["message"], status=402, kind=error["type"])
        self.error = {**error, intent["object"]: intent}


def missing(kind: str, object_id: str, param: str) -> StripeError:
    """Return the 404 for an object that does not exist."""
    return StripeError(
        f"No such {kind}: '{object_id}'", status=404, code="resource_missing", param=param
    )
