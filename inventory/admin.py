from typing import Any, TypeVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.models import Reservation, StockItem, StockMovement
from inventory.stock import adjust

M = TypeVar("M", bound=Model)

LOW = 5
LATEST = 20
Reason = StockMovement.Reason
CORRECTIONS = (Reason.RECEIVED, Reason.DAMAGED, Reason.COUNTED)


class ReadOnlyAdmin(admin.ModelAdmin[M]):
    """Rows that only the shop itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class CorrectionForm(forms.ModelForm[StockItem]):
    """What staff received, counted or lost. `change` is what that does to the units on hand.

    `seen` is the correction that the page showed last: one sent twice, or made by two people at
    once, is booked once.
    """

    reason = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        choices=[
            (Reason.RECEIVED, gettext_lazy("Received: add units")),
            (Reason.DAMAGED, gettext_lazy("Damaged or lost: take units away")),
            (Reason.COUNTED, gettext_lazy("Counted: this many are on the shelf")),
        ],
    )
    units = forms.IntegerField(label=gettext_lazy("Units"), min_value=0, max_value=1_000_000)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)
    change = 0

    class Meta:
        model = StockItem
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = self._last_correction()
        self.initial["seen"] = last.pk if last else 0

    def _last_correction(self) -> StockMovement | None:
        return self.instance.movements.filter(reason__in=CORRECTIONS).first()

    def clean(self) -> None:
        """Work out the change. Refuses one that would leave less than is held for orders.

        Also one made without knowledge of the last; sent once more, it is taken.

        The row stays locked until the admin's transaction ends: a sale or a second member of staff
        waits, so what is checked here still holds when the movement is written.
        """
        super().clean()
        if self.errors:
            return
        item = StockItem.objects.select_for_update().get(pk=self.instance.pk)
        self._refuse_unseen()
        units = self.cleaned_data["units"]
        self.change = {
            Reason.RECEIVED: units,
            Reason.DAMAGED: -units,
            Reason.COUNTED: units - item.on_hand,
        }[self.cleaned_data["reason"]]
        left = item.on_hand + self.change
        if left < 0:
            raise ValidationError(
                _("Only %(on_hand)d are on hand: take away fewer, or count them first.")
                % {"on_hand": item.on_hand}
            )
        if left < item.held:
            raise ValidationError(
                ngettext(
                    "That would leave %(left)d, but %(held)d unit is held for an order: "
                    "cancel the order first, or correct by less.",
                    "That would leave %(left)d, but %(held)d units are held for orders: "
                    "cancel orders first, or correct by less.",
                    item.held,
                )
                % {"left": left, "held": item.held}
            )

    def _refuse_unseen(self) -> None:
        last = self._last_correction()
        if last is None or last.pk == self.cleaned_data["seen"]:
            return
        self.data = {**dict(self.data.items()), "seen": last.pk}
        raise ValidationError(
            _(
                "Not booked: since you opened this page, %(actor)s has booked %(change)+d "
                "(%(reason)s). If yours comes on top of that, save once more."
            )
            % {
                "actor": last.actor,
                "change": last.quantity,
                "reason": last.get_reason_display(),
            }
        )


class LowFilter(admin.SimpleListFilter):
    title = gettext_lazy("available")
    parameter_name = "available"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", _("None")), ("low", _("%d or fewer") % LOW)]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StockItem]
    ) -> QuerySet[StockItem] | None:
        at_most = {"none": 0, "low": LOW}.get(self.value() or "")
        return None if at_most is None else queryset.filter(on_hand__lte=F("held") + at_most)


@admin.register(StockItem)
class StockItemAdmin(admin.ModelAdmin[StockItem]):
    """Stock changes by movements only: the page shows the book and takes one correction."""

    form = CorrectionForm
    list_display = ["sku", "free", "held", "on_hand"]
    list_filter = [LowFilter]
    search_fields = ["sku"]
    search_help_text = gettext_lazy("SKU")
    ordering = ["sku"]
    counts = (None, {"fields": [("on_hand", "held", "free")]})
    correction = (gettext_lazy("Correct stock"), {"fields": ["reason", "units", "note", "seen"]})
    readonly_fields = ["on_hand", "held", "free"]

    @admin.display(description=gettext_lazy("available"), ordering=F("on_hand") - F("held"))
    def free(self, item: StockItem) -> int:
        return item.available

    def get_fieldsets(self, request: HttpRequest, obj: StockItem | None = None) -> Any:
        may_correct = self.has_change_permission(request, obj)
        return [self.counts, self.correction] if may_correct else [self.counts]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, item: StockItem, form: Any, change: bool) -> None:
        if not form.change:
            self.message_user(request, _("The book says the same: nothing was changed."))
            return
        adjust(
            item,
            form.change,
            Reason(form.cleaned_data["reason"]),
            actor=request.user.get_username(),
            note=form.cleaned_data["note"],
        )

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: StockItem | None = None,
    ) -> HttpResponse:
        if obj:
            holds = obj.reservations.filter(state=Reservation.State.HELD).order_by("-pk")
            context["movements"] = obj.movements.all()[:LATEST]
            context["open_holds"] = holds[:LATEST]
        return super().render_change_form(request, context, add, change, form_url, obj)


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin[StockMovement]):
    list_display = ["created_at", "item", "quantity", "reason", "reference", "actor", "note"]
    list_filter = ["reason", "created_at"]
    list_select_related = ["item"]
    search_fields = ["item__sku", "reference", "actor"]


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin[Reservation]):
    list_display = ["created_at", "item", "quantity", "reference", "state", "settled_at"]
    list_filter = ["state"]
    list_select_related = ["item"]
    search_fields = ["item__sku", "reference"]
    ordering = ["-pk"]
    exclude = ["holder"]
