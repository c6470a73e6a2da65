"""The JSON interface: one API made of each app's router, described at /api/docs."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import ValidationError

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
