from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from inventory.admin import ReadOnlyAdmin
from notifications.models import Suppression


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin[Suppression]):
    """Addresses that get less or nothing; to delete one is to allow mail to it again."""

    list_display = ["email", "reason", "noted_at"]
    list_filter = ["reason"]
    search_fields = ["email"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("notifications.delete_suppression")
