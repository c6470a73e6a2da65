"""What payment intents and setup intents have in common."""

from sandbox.errors import Json, NotBegunError, StripeError
from sandbox.world import Call


def next_action(call: Call, intent: Json) -> Json:
    """Return where the challenge of a payment or setup intent is."""
    url = (
        f"{call.world.config.origin}/challenge/{intent['id']}"
        f"?{intent['object']}_client_secret={intent['client_secret']}"
    )
    if call.params.get("use_stripe_sdk"):
        return {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url},
        }
    return_url = call.params.get("return_url")
    return {
        "type": "redirect_to_url",
        "redirect_to_url": {"url": url, "return_url": return_url},
    }


def check_secret(call: Call, intent: Json, name: str) -> None:
    """Raise when the call's client secret does not open the payment or setup intent."""
    secret = call.params.get("client_secret")
    if call.public and secret is None:
        raise NotBegunError("Missing required param: client_secret.", param="client_secret")
    if secret is not None and secret != intent["client_secret"]:
        raise NotBegunError(
            f"The client_secret provided does not match any associated {name} on this account. "
            f"Ensure the publishable key used belongs to the same account that created the {name}.",
            code=f"{intent['object']}_invalid_parameter",
            param="client_secret",
        )


def check_return_url(call: Call, intent: Json, name: str) -> None:
    """Raise when a server confirms without saying where a redirect would come back to."""
    redirects = intent["automatic_payment_methods"].get("allow_redirects") != "never"
    may_redirect = redirects and not call.public and not call.params.get("off_session")
    if may_redirect and "return_url" not in call.params:
        raise StripeError(
            f"This {name} is configured to accept payment methods that might redirect your "
            "customer off of your page: give a return_url, or set automatic_payment_methods"
            "[allow_redirects] to never when you create it.",
            param="return_url",
        )


def refuse_types(call: Call) -> None:
    """Raise when payment_method_types is written, which is no longer possible."""
    if "payment_method_types" in call.params:
        raise NotBegunError(
            "payment_method_types can no longer be set: Stripe chooses the payment methods by "
            "your settings and the shopper.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
