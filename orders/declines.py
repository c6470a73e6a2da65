"""Why a payment was refused, by Stripe's decline code or error code, and what to do about it.

A bank that says "lost", "stolen" or "fraud" says it to us, not to whoever holds the card: these get
the sentence of any other refusal.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Refusal:
    """`why` in one sentence, and `advice` for somebody who is at the checkout."""

    why: "_StrPromise"
    advice: "_StrPromise"

    def __str__(self) -> str:
        return f"{self.why} {self.advice}"


REFUSED = Refusal(
    _("Your bank declined this card."),
    _("Nothing was charged: try another card, or ask your bank why."),
)
NO_FUNDS = Refusal(
    _("There is not enough money on this card."), _("Nothing was charged: try another card.")
)
LIMIT = Refusal(
    _("This payment is above a limit of your card."),
    _("Nothing was charged: try another card, or ask your bank to raise the limit."),
)
EXPIRED = Refusal(
    _("This card has expired."), _("Nothing was charged: check the date, or try another card.")
)
WRONG_NUMBER = Refusal(
    _("The card number is not right."), _("Nothing was charged: check it and press Pay again.")
)
WRONG_CVC = Refusal(
    _("The security code is not right."), _("Nothing was charged: check it and press Pay again.")
)
WRONG_DATE = Refusal(
    _("The expiration date is not right."), _("Nothing was charged: check it and press Pay again.")
)
WRONG_ADDRESS = Refusal(
    _("Your bank knows another billing address."),
    _("Nothing was charged: check the address and the postal code, then press Pay again."),
)
WRONG_PIN = Refusal(
    _("This card needs a PIN, which cannot be given here."),
    _("Nothing was charged: try another card."),
)
NOT_SUPPORTED = Refusal(
    _("This card cannot be used for this payment."), _("Nothing was charged: try another card.")
)
WRONG_CURRENCY = Refusal(
    _("This card cannot pay in this currency."),
    _("Nothing was charged: try another card, or change the currency of the shop."),
)
TRY_AGAIN = Refusal(
    _("Your bank could not be reached."),
    _("Nothing was charged: wait a minute and press Pay again, or try another card."),
)
TOO_OFTEN = Refusal(
    _("This card was tried too often."), _("Nothing was charged: try another card, or wait a day.")
)
NOT_AUTHENTICATED = Refusal(
    _("Your bank could not confirm that it is you."),
    _("Nothing was charged: press Pay to try again, or try another card."),
)
DUPLICATE = Refusal(
    _("Your bank saw the same payment a moment ago."),
    _("Look into your email for an order from us before you press Pay again."),
)
CANCELED_BY_SHOPPER = Refusal(
    _("The payment was not approved."),
    _("Nothing was charged: press Pay to try again, or choose another way to pay."),
)
TEST_CARD = Refusal(
    _("This shop is in test mode and takes test cards only."), _("Nothing was charged.")
)
TEST_CARD_LIVE = Refusal(_("This is a test card."), _("Nothing was charged: try a real one."))

SENTENCES: dict[str, Refusal] = {
    "approve_with_id": TRY_AGAIN,
    "authentication_not_handled": NOT_AUTHENTICATED,
    "authentication_required": NOT_AUTHENTICATED,
    "call_issuer": REFUSED,
    "card_decline_rate_limit_exceeded": TOO_OFTEN,
    "card_declined": REFUSED,
    "card_not_supported": NOT_SUPPORTED,
    "card_velocity_exceeded": LIMIT,
    "currency_not_supported": WRONG_CURRENCY,
    "do_not_honor": REFUSED,
    "do_not_try_again": REFUSED,
    "duplicate_transaction": DUPLICATE,
    "expired_card": EXPIRED,
    "fraudulent": REFUSED,
    "generic_decline": REFUSED,
    "highest_risk_level": REFUSED,
    "incorrect_address": WRONG_ADDRESS,
    "incorrect_cvc": WRONG_CVC,
    "incorrect_number": WRONG_NUMBER,
    "incorrect_pin": WRONG_PIN,
    "incorrect_zip": WRONG_ADDRESS,
    "insufficient_funds": NO_FUNDS,
    "invalid_account": NOT_SUPPORTED,
    "invalid_amount": LIMIT,
    "invalid_cvc": WRONG_CVC,
    "invalid_expiry_month": WRONG_DATE,
    "invalid_expiry_year": WRONG_DATE,
    "invalid_number": WRONG_NUMBER,
    "invalid_pin": WRONG_PIN,
    "issuer_not_available": TRY_AGAIN,
    "lost_card": REFUSED,
    "merchant_blacklist": REFUSED,
    "mobile_device_authentication_required": NOT_AUTHENTICATED,
    "new_account_information_available": NOT_SUPPORTED,
    "no_action_taken": REFUSED,
    "not_permitted": NOT_SUPPORTED,
    "offline_pin_required": WRONG_PIN,
    "online_or_offline_pin_required": WRONG_PIN,
    "payment_intent_authentication_failure": NOT_AUTHENTICATED,
    "payment_intent_payment_attempt_expired": NOT_AUTHENTICATED,
    "payment_intent_payment_attempt_failed": REFUSED,
    "payment_method_customer_decline": CANCELED_BY_SHOPPER,
    "payment_method_provider_decline": REFUSED,
    "payment_method_provider_timeout": TRY_AGAIN,
    "pickup_card": REFUSED,
    "pin_try_exceeded": TOO_OFTEN,
    "processing_error": TRY_AGAIN,
    "reenter_transaction": TRY_AGAIN,
    "restricted_card": REFUSED,
    "revocation_of_all_authorizations": REFUSED,
    "revocation_of_authorization": REFUSED,
    "security_violation": REFUSED,
    "service_not_allowed": NOT_SUPPORTED,
    "stolen_card": REFUSED,
    "stop_payment_order": REFUSED,
    "test_mode_live_card": TEST_CARD,
    "testmode_decline": TEST_CARD_LIVE,
    "transaction_not_allowed": NOT_SUPPORTED,
    "try_again_later": TRY_AGAIN,
    "withdrawal_count_limit_exceeded": LIMIT,
}


def refusal_of(code: str) -> Refusal:
    """Return what a code means; one that we do not know is a refusal like any other."""
    return SENTENCES.get(code, REFUSED)


def sentences_for_page() -> dict[str, str]:
    """Return what the page must know: any code that it does not find gets `generic_decline`."""
    return {
        code: str(refusal)
        for code, refusal in SENTENCES.items()
        if code == "generic_decline" or refusal is not REFUSED
    }
