from django.contrib import admin

from inventory.admin import ReadOnlyAdmin
from notifications.models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_display = ["step", "recipient", "state", "due_at", "tries", "sent_at", "error"]
    list_filter = ["state", "step", "due_at"]
    search_fields = ["recipient", "event__order__number"]
    show_full_result_count = False
