from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from config.checks import TAG, check_settings

# The sections of the staff's pages, in the order in which they are needed.
SECTIONS = {
    "orders": _("Orders"),
    "shop": _("Catalogue"),
    "inventory": _("Stock"),
    "cart": _("Coupons"),
    "accounts": _("People"),
    "auth": _("Permissions"),
    "checkout": _("Payments"),
    "notifications": _("Messages"),
    "django_q": _("Background tasks"),
}


class ConfigConfig(AppConfig):
    name = "config"
    default = True

    def ready(self) -> None:
        register(TAG)(check_settings)


class ShopAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site in the place of its own, and our names for its sections."""

    default = False
    default_site = "config.admin_site.ShopAdminSite"

    def ready(self) -> None:
        super().ready()
        for label, name in SECTIONS.items():
            apps.get_app_config(label).verbose_name = name
