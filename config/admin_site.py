"""The staff's pages: Django's own admin under the shop's name, with a tidy index."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRefresh

from config.apps import SECTIONS
from notifications.report import views as report


class ShopAdminSite(admin.AdminSite):
    site_header = settings.SHOP_NAME
    site_title = settings.SHOP_NAME
    index_title = _("Your shop")

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send staff to the shop's own sign-in, where tries are counted.

        When htmx was led here, the whole page goes there: sign-in is no part of one.
        """
        if "HX-Request" in request.headers:
            return HttpResponseClientRefresh()
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the addresses of the admin with those of the report."""
        page = self.admin_view(report.report_page)
        table = self.admin_view(report.report_csv)
        return [
            path("report/", page, name="report"),
            path("report/<slug:slug>.csv", table, name="report_csv"),
            *super().get_urls(),
        ]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the sections in the order of work; other apps have no place on the index."""
        apps = {app["app_label"]: app for app in super().get_app_list(request, app_label)}
        return [apps[label] for label in SECTIONS if label in apps]
