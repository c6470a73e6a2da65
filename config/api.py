"""The JSON interface: one API made of each app's router, described at /api/docs."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from cart.api import SameSite
from cart.api import router as cart_router
from checkout.api import router as checkout_router

api = NinjaAPI(title="Cartwright", version="1", auth=SameSite())
api.add_router("/cart", cart_router)
api.add_router("/checkout", checkout_router)


@api.exception_handler(ValidationError)
def explain_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer a malformed body in the shape of every other refusal."""
    fields: dict[str, list[str]] = {}
    for fault in error.errors:
        fields.setdefault(str(fault["loc"][-1]), []).append(str(fault["msg"]))
    message = _("The request is malformed: see the fields.")
    return JsonResponse({"code": "invalid", "message": message, "fields": fields}, status=422)


@api.exception_handler(HttpError)
def explain_refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer in the same shape; 403 is a form from before a sign-in, whose token is void now."""
    message = error.message
    if error.status_code == HTTPStatus.FORBIDDEN:
        message = _(
            "You have signed in or out in another tab. Nothing was charged: reload this page, "
            "then press Pay again."
        )
    return JsonResponse({"code": "refused", "message": message}, status=error.status_code)
