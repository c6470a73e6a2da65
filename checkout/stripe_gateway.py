"""Stripe, as the shop uses it. The only file that imports its library."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Any

import stripe
from django.conf import settings
from stripe.params import EventListParamsCreated

# Seconds to connect and to wait for an answer; the library would wait 80.
TIMEOUT = (4, 20)
# With it a call takes 50 seconds at the most: a task of the worker may take 60.
RETRIES = 1


class StripeError(Exception):
    """Stripe refused (`permanent`: the same call would be refused again) or could not be asked.

    When it is not permanent the outcome may be unknown: call again with the same idempotency key.
    """

    def __init__(self, message: str, *, permanent: bool, code: str = "") -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code


class BadSignatureError(Exception):
    """The webhook was not signed with our secret, or too long ago."""


@dataclass(frozen=True)
class Intent:
    """A PaymentIntent as it stands at Stripe. Amounts in minor units, currency in capitals."""

    id: str
    status: str
    amount_minor: int
    received_minor: int
    currency: str
    client_secret: str
    order_number: str
    was_declined: bool


@dataclass(frozen=True)
class RefundAtStripe:
    """A refund as it stands at Stripe; `key` is ours when we asked for it, else empty."""

    id: str
    intent_id: str
    status: str
    amount_minor: int
    currency: str
    failure: str
    key: str
    made_at: datetime

    @property
    def has_failed(self) -> bool:
        """Whether the money stays with us: then it can be asked for once more."""
        return self.status in ("failed", "canceled")


@dataclass(frozen=True)
class DisputeAtStripe:
    """A dispute as it stands at Stripe; `withdrawn_minor` is what it has cost up to now."""

    id: str
    intent_id: str
    status: str
    reason: str
    amount_minor: int
    withdrawn_minor: int
    opened_at: datetime
    evidence_due_at: datetime | None


@dataclass(frozen=True)
class ChargeAtStripe:
    """Money that Stripe captured, in minor units, and what of it went back."""

    id: str
    intent_id: str
    captured_minor: int
    refunded_minor: int
    currency: str
    is_disputed: bool
    made_at: datetime


@dataclass(frozen=True)
class WebhookEndpoint:
    """An address to which Stripe sends events of the named types ("*": all)."""

    url: str
    is_enabled: bool
    types: frozenset[str]


def create_intent(
    *, idempotency_key: str, order_number: str, amount_minor: int, currency: str
) -> Intent:
    """Make the intent of an order; the same key gives the same intent again. Raises StripeError.

    Only what never changes for an order is sent, so that a repetition is the same request.
    """
    with _errors():
        return _intent(
            _client().v1.payment_intents.create(
                params={
                    "amount": amount_minor,
                    "currency": currency.lower(),
                    "automatic_payment_methods": {"enabled": True},
                    "description": f"Order {order_number}",
                    "metadata": {"order": order_number},
                },
                options={"idempotency_key": idempotency_key},
            )
        )


def retrieve_intent(intent_id: str) -> Intent:
    """Look an intent up. Raises StripeError."""
    with _errors():
        return _intent(_client().v1.payment_intents.retrieve(intent_id))


def list_intents(since: datetime) -> Iterator[Intent]:
    """Yield the intents made since then, the newest first. Raises StripeError."""
    with _errors():
        page = _client().v1.payment_intents.list(
            params={"created": {"gte": int(since.timestamp())}, "limit": 100}
        )
        for intent in page.auto_paging_iter():
            yield _intent(intent)


def cancel_intent(intent_id: str) -> Intent:
    """Cancel an intent so that no money can come through it, and return it as it then stands.

    Its status says what happened: "canceled", or "succeeded" or "processing" when it was too late.
    Raises StripeError.
    """
    try:
        with _errors():
            return _intent(_client().v1.payment_intents.cancel(intent_id))
    except StripeError as error:
        if error.code != "payment_intent_unexpected_state":
            raise
        return retrieve_intent(intent_id)


def create_refund(
    *, idempotency_key: str, intent_id: str, amount_minor: int, reason: str
) -> RefundAtStripe:
    """Give money back; the same key gives the same refund again. Raises StripeError.

    `reason` is one that Stripe knows ("duplicate", "fraudulent", "requested_by_customer").
    """
    with _errors():
        return _refund(
            _client().v1.refunds.create(
                params={
                    "payment_intent": intent_id,
                    "amount": amount_minor,
                    "reason": reason,
                    "metadata": {"key": idempotency_key},
                },
                options={"idempotency_key": idempotency_key},
            )
        )


def retrieve_refund(refund_id: str) -> RefundAtStripe:
    """Look a refund up. Raises StripeError."""
    with _errors():
        return _refund(_client().v1.refunds.retrieve(refund_id))


def refunds_of(intent_id: str) -> list[RefundAtStripe]:
    """Return every refund of an intent, the oldest first. Raises StripeError."""
    with _errors():
        page = _client().v1.refunds.list(params={"payment_intent": intent_id, "limit": 100})
        return [_refund(refund) for refund in page.auto_paging_iter()][::-1]


def list_refunds(since: datetime) -> Iterator[RefundAtStripe]:
    """Yield the refunds made since then, the newest first. Raises StripeError."""
    with _errors():
        page = _client().v1.refunds.list(
            params={"created": {"gte": int(since.timestamp())}, "limit": 100}
        )
        for refund in page.auto_paging_iter():
            yield _refund(refund)


def retrieve_dispute(dispute_id: str) -> DisputeAtStripe:
    """Look a dispute up. Raises StripeError."""
    with _errors():
        return _dispute(_client().v1.disputes.retrieve(dispute_id))


def list_disputes(since: datetime) -> Iterator[DisputeAtStripe]:
    """Yield the disputes opened since then, the newest first. Raises StripeError."""
    with _errors():
        page = _client().v1.disputes.list(
            params={"created": {"gte": int(since.timestamp())}, "limit": 100}
        )
        for dispute in page.auto_paging_iter():
            yield _dispute(dispute)


def list_charges(since: datetime) -> Iterator[ChargeAtStripe]:
    """Yield the captured charges made since then, the newest first. Raises StripeError."""
    with _errors():
        page = _client().v1.charges.list(
            params={"created": {"gte": int(since.timestamp())}, "limit": 100}
        )
        for charge in page.auto_paging_iter():
            if charge.amount_captured:
                yield _charge(charge)


def list_events(
    since: datetime, until: datetime | None, types: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Yield the events of these types (20 at most) made since then, and before `until` if given.

    The newest first; Stripe keeps 30 days. Raises StripeError.
    """
    created: EventListParamsCreated = {"gte": int(since.timestamp())}
    if until is not None:
        created["lt"] = ceil(until.timestamp())
    with _errors():
        page = _client().v1.events.list(
            params={"created": created, "types": sorted(types), "limit": 100}
        )
        for event in page.auto_paging_iter():
            yield event.to_dict()


def list_webhook_endpoints() -> list[WebhookEndpoint]:
    """Return the addresses to which Stripe sends events. Raises StripeError."""
    with _errors():
        page = _client().v1.webhook_endpoints.list(params={"limit": 100})
        return [
            WebhookEndpoint(
                url=endpoint.url,
                is_enabled=endpoint.status == "enabled",
                types=frozenset(endpoint.enabled_events),
            )
            for endpoint in page.auto_paging_iter()
        ]


def read_event(body: bytes, signature: str) -> dict[str, Any]:
    """Return the event in a webhook's raw body. Raises BadSignatureError.

    The library's construct_event gives the same guarantee at ten times the cost.
    """
    # The library's comparison takes no other letters.
    if not signature.isascii():
        raise BadSignatureError("The signature has letters that Stripe's never has.")
    try:
        stripe.WebhookSignature.verify_header(
            body.decode(),
            signature,
            settings.STRIPE_WEBHOOK_SECRET,
            stripe.Webhook.DEFAULT_TOLERANCE,
        )
        event: dict[str, Any] = json.loads(body)
    except (stripe.SignatureVerificationError, ValueError) as error:
        raise BadSignatureError(str(error)) from error
    return event


def _client() -> stripe.StripeClient:
    return _client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


@lru_cache(maxsize=1)
def _client_for(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT),
    )


def _intent(intent: stripe.PaymentIntent) -> Intent:
    metadata = intent.metadata.to_dict() if intent.metadata else {}
    return Intent(
        id=intent.id,
        status=intent.status,
        amount_minor=intent.amount,
        received_minor=intent.amount_received,
        currency=intent.currency.upper(),
        client_secret=intent.client_secret or "",
        order_number=metadata.get("order", ""),
        was_declined=intent.last_payment_error is not None,
    )


def _refund(refund: stripe.Refund) -> RefundAtStripe:
    metadata = refund.metadata.to_dict() if refund.metadata else {}
    return RefundAtStripe(
        id=refund.id,
        intent_id=_id(refund.payment_intent),
        status=refund.status or "",
        amount_minor=refund.amount,
        currency=refund.currency.upper(),
        # Only a refund that has failed has one.
        failure=getattr(refund, "failure_reason", None) or "",
        key=metadata.get("key", ""),
        made_at=datetime.fromtimestamp(refund.created, tz=UTC),
    )


def _dispute(dispute: stripe.Dispute) -> DisputeAtStripe:
    # The transactions are in the currency of the account's balance, the dispute in the payment's:
    # only their sign can be used.
    balance = sum(transaction.amount for transaction in dispute.balance_transactions)
    due_by = dispute.evidence_details.due_by
    return DisputeAtStripe(
        id=dispute.id,
        intent_id=_id(dispute.payment_intent),
        status=dispute.status,
        reason=dispute.reason,
        amount_minor=dispute.amount,
        withdrawn_minor=dispute.amount if balance < 0 else 0,
        opened_at=datetime.fromtimestamp(dispute.created, tz=UTC),
        evidence_due_at=datetime.fromtimestamp(due_by, tz=UTC) if due_by else None,
    )


def _charge(charge: stripe.Charge) -> ChargeAtStripe:
    return ChargeAtStripe(
        id=charge.id,
        intent_id=_id(charge.payment_intent),
        captured_minor=charge.amount_captured,
        refunded_minor=charge.amount_refunded,
        currency=charge.currency.upper(),
        is_disputed=charge.disputed,
        made_at=datetime.fromtimestamp(charge.created, tz=UTC),
    )


def _id(reference: str | stripe.PaymentIntent | None) -> str:
    """The id of what Stripe names by its id, or shows whole when asked to."""
    if reference is None:
        return ""
    return reference if isinstance(reference, str) else reference.id


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        # A refused key (401, 403) says nothing about the request: it waits for the operator.
        refused = error.http_status in (400, 402, 404)
        raise StripeError(str(error), permanent=refused, code=error.code or "") from error
