"""The least that a page can do: one row by its key, a template, the shop's middleware."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from orders.models import Order

TEMPLATE = engines["django"].from_string("<!doctype html><title>{{ order.number }}</title>")


def floor(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse(TEMPLATE.render({"order": Order.objects.get(pk=pk)}, request))


urlpatterns = [path("floor/<int:pk>/", floor), path("", include("config.urls"))]
