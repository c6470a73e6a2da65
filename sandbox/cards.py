"""Test cards: what each number, and each ready-made payment method, does when it is charged."""

from dataclasses import dataclass
from typing import Literal

from sandbox.errors import Json

Settlement = Literal["succeeded", "failed"]
DisputeReason = Literal["fraudulent", "product_not_received"]


@dataclass(frozen=True)
class Decline:
    """Why an issuer says no, in Stripe's words."""

    code: str
    decline_code: str
    message: str

    def as_error(self) -> Json:
        """Return the error object that intents, charges and answers carry."""
        error: Json = {
            "type": "card_error",
            "code": self.code,
            "message": self.message,
            "doc_url": f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}",
        }
        if self.decline_code:
            error["decline_code"] = self.decline_code
        return error


@dataclass(frozen=True)
class TestCard:
    """One card: its number, the ready-made payment method of the same kind, and its behaviour."""

    number: str
    payment_method: str
    title: str
    decline: Decline | None = None
    challenge: bool = False
    settles: Settlement | None = None
    refund: Literal["succeeded", "pending"] = "succeeded"
    refund_settles: Settlement | None = None
    dispute: DisputeReason | None = None
    inquiry: bool = False
    """The bank asks first and takes no money yet."""
    saves: bool = False
    """It may be saved for later although every charge is declined."""


DECLINED = "Your card was declined."
GENERIC = Decline("card_declined", "generic_decline", DECLINED)
INSUFFICIENT = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")

CARDS = (
    TestCard("4242424242424242", "pm_card_visa", "Visa, succeeds"),
    TestCard("5555555555554444", "pm_card_mastercard", "Mastercard, succeeds"),
    TestCard("378282246310005", "pm_card_amex", "American Express, succeeds"),
    TestCard("4000000000000002", "pm_card_chargeDeclined", "Declined", GENERIC),
    TestCard(
        "4000000000009995",
        "pm_card_chargeDeclinedInsufficientFunds",
        "Insufficient funds",
        INSUFFICIENT,
    ),
    TestCard(
        "4000000000009987",
        "pm_card_chargeDeclinedLostCard",
        "Lost card",
        Decline("card_declined", "lost_card", DECLINED),
    ),
    TestCard(
        "4000000000009979",
        "pm_card_chargeDeclinedStolenCard",
        "Stolen card",
        Decline("card_declined", "stolen_card", DECLINED),
    ),
    TestCard(
        "4000000000000069",
        "pm_card_chargeDeclinedExpiredCard",
        "Expired card",
        Decline("expired_card", "expired_card", "Your card has expired."),
    ),
    TestCard(
        "4000000000000127",
        "pm_card_chargeDeclinedIncorrectCvc",
        "Wrong security code",
        Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    ),
    TestCard(
        "4000000000000119",
        "pm_card_chargeDeclinedProcessingError",
        "Processing error",
        Decline(
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
    TestCard(
        "4000000000003220",
        "pm_card_threeDSecure2Required",
        "3-D Secure, then succeeds",
        challenge=True,
    ),
    TestCard(
        "4000002760003184",
        "pm_card_authenticationRequired",
        "3-D Secure every time, then succeeds",
        challenge=True,
    ),
    TestCard(
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        "3-D Secure, then insufficient funds",
        INSUFFICIENT,
        challenge=True,
    ),
    TestCard(
        "4000008400001629",
        "pm_card_threeDSecureRequiredChargeDeclined",
        "3-D Secure, then declined",
        GENERIC,
        challenge=True,
    ),
    TestCard(
        "4000008400001280",
        "pm_card_threeDSecureRequiredProcessingError",
        "3-D Secure is not reachable: declined at once",
        GENERIC,
    ),
    TestCard(
        "4000000000000341",
        "pm_card_chargeCustomerFail",
        "May be saved; declined when it is charged",
        GENERIC,
        saves=True,
    ),
    TestCard(
        "4000000000000259",
        "pm_card_createDispute",
        "Succeeds, then disputed as fraudulent",
        dispute="fraudulent",
    ),
    TestCard(
        "4000000000002685",
        "pm_card_createDisputeProductNotReceived",
        "Succeeds, then disputed as not received",
        dispute="product_not_received",
    ),
    TestCard(
        "4000000000001976",
        "pm_card_createDisputeInquiry",
        "Succeeds, then the bank inquires",
        dispute="fraudulent",
        inquiry=True,
    ),
    TestCard(
        "4000000000005126",
        "pm_card_refundFail",
        "Succeeds; a refund succeeds at first, then fails",
        refund_settles="failed",
    ),
    TestCard(
        "4000000000007726",
        "pm_card_pendingRefund",
        "Succeeds; a refund is pending, then succeeds",
        refund="pending",
        refund_settles="succeeded",
    ),
    TestCard(
        "4000000000700007",
        "pm_sandbox_processingSucceeds",
        "Ours, not Stripe's: processing, then succeeds",
        settles="succeeded",
    ),
    TestCard(
        "4000000000800005",
        "pm_sandbox_processingFails",
        "Ours, not Stripe's: processing, then fails",
        settles="failed",
    ),
    TestCard(
        "4000000000900003",
        "pm_sandbox_pendingRefundFails",
        "Ours, not Stripe's: succeeds; a refund is pending, then fails",
        refund="pending",
        refund_settles="failed",
    ),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_PAYMENT_METHOD = {card.payment_method: card for card in CARDS}
NOT_A_TEST_CARD = TestCard(
    "",
    "",
    "Any other number",
    Decline(
        "card_declined",
        "test_mode_live_card",
        "Your card was declined. Your request was in test mode, but used a non test (live) card.",
    ),
)


def brand_of(number: str) -> str:
    """Return the card's network as Stripe names it."""
    if number.startswith(("34", "37")):
        return "amex"
    if number.startswith("4"):
        return "visa"
    if number[:2] in ("51", "52", "53", "54", "55"):
        return "mastercard"
    return "unknown"


def passes_luhn(number: str) -> bool:
    """Return whether the check digit of a card number is right."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
