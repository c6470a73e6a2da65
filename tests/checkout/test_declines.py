"""Each of Stripe's decline codes has a sentence; a bank's suspicion is never repeated."""

import pytest

from orders.declines import REFUSED, SENTENCES, sentences_for_page
from sandbox.cards import CARDS, NOT_A_TEST_CARD

# https://docs.stripe.com/declines/codes and the error codes of a refused payment.
DECLINE_CODES = [
    "authentication_not_handled",
    "authentication_required",
    "approve_with_id",
    "call_issuer",
    "card_not_supported",
    "card_velocity_exceeded",
    "currency_not_supported",
    "do_not_honor",
    "do_not_try_again",
    "duplicate_transaction",
    "expired_card",
    "fraudulent",
    "generic_decline",
    "incorrect_address",
    "incorrect_cvc",
    "incorrect_number",
    "incorrect_pin",
    "incorrect_zip",
    "insufficient_funds",
    "invalid_account",
    "invalid_amount",
    "invalid_cvc",
    "invalid_expiry_month",
    "invalid_expiry_year",
    "invalid_number",
    "invalid_pin",
    "issuer_not_available",
    "lost_card",
    "merchant_blacklist",
    "mobile_device_authentication_required",
    "new_account_information_available",
    "no_action_taken",
    "not_permitted",
    "offline_pin_required",
    "online_or_offline_pin_required",
    "pickup_card",
    "pin_try_exceeded",
    "processing_error",
    "reenter_transaction",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "service_not_allowed",
    "stolen_card",
    "stop_payment_order",
    "testmode_decline",
    "transaction_not_allowed",
    "try_again_later",
    "withdrawal_count_limit_exceeded",
]
ERROR_CODES = [
    "card_decline_rate_limit_exceeded",
    "card_declined",
    "payment_intent_authentication_failure",
    "payment_intent_payment_attempt_expired",
    "payment_intent_payment_attempt_failed",
    "payment_method_customer_decline",
    "payment_method_provider_decline",
    "payment_method_provider_timeout",
]
SUSPICIONS = [
    "fraudulent",
    "lost_card",
    "merchant_blacklist",
    "pickup_card",
    "restricted_card",
    "security_violation",
    "stolen_card",
]


@pytest.mark.parametrize("code", DECLINE_CODES + ERROR_CODES)
def test_each_code_has_a_sentence_that_says_what_to_do(code: str) -> None:
    sentence = str(SENTENCES[code])
    assert sentence.endswith(".")
    assert "Nothing was charged" in sentence or code == "duplicate_transaction"


def test_each_test_card_that_is_refused_has_a_sentence() -> None:
    declines = [card.decline for card in (*CARDS, NOT_A_TEST_CARD) if card.decline]
    assert {decline.decline_code for decline in declines} <= SENTENCES.keys()
    assert {decline.code for decline in declines} <= SENTENCES.keys()


@pytest.mark.parametrize("code", SUSPICIONS)
def test_a_suspicion_of_the_bank_reads_like_any_refusal(code: str) -> None:
    assert SENTENCES[code] is REFUSED
    assert not {"stolen", "lost", "fraud"} & set(str(REFUSED).lower().split())


def test_what_the_shopper_can_put_right_is_named() -> None:
    assert "security code" in str(SENTENCES["incorrect_cvc"])
    assert "expired" in str(SENTENCES["expired_card"])
    assert "not enough money" in str(SENTENCES["insufficient_funds"])


def test_the_page_gets_the_general_sentence_once() -> None:
    sentences = sentences_for_page()
    assert sentences["generic_decline"] == str(REFUSED)
    assert "stolen_card" not in sentences
    assert set(SENTENCES) - set(sentences) == {
        code
        for code, sentence in SENTENCES.items()
        if sentence is REFUSED and code != "generic_decline"
    }
