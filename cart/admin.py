from decimal import Decimal

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cart.models import Coupon, CouponRedemption, LeftBehind
from inventory.admin import ReadOnlyAdmin
from shop.forms import CurrencyField, MoneyField, MoneyModelForm
from shop.money import format_money


class CouponForm(MoneyModelForm[Coupon]):
    percent = forms.DecimalField(
        label=gettext_lazy("Percent"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=5,
        decimal_places=2,
    )
    currency = CurrencyField(required=False)
    amount_minor = MoneyField(label=gettext_lazy("Amount"), required=False)

    class Meta:
        model = Coupon
        fields = [
            "code",
            "kind",
            "percent",
            "amount_minor",
            "currency",
            "starts_at",
            "ends_at",
            "max_uses",
            "is_active",
        ]
        help_texts = {
            "code": gettext_lazy("What shoppers type; capitals and small letters are the same."),
            "max_uses": gettext_lazy("By all shoppers together. Leave empty for no limit."),
        }

    def clean_code(self) -> str:
        """Return the code in capitals. Refuses one that would not survive a link."""
        code: str = self.cleaned_data["code"].upper()
        if not all(letter.isalnum() or letter in "-_" for letter in code):
            raise ValidationError(_("Use letters, digits, “-” and “_” only, such as SPRING-10."))
        return code

    def clean_max_uses(self) -> int | None:
        """Refuse a limit below what was used already.

        The row stays locked until the admin's transaction ends, so that no use is counted between
        this look and the writing of every column, `uses` among them.
        """
        limit: int | None = self.cleaned_data["max_uses"]
        if self.instance.pk:
            self.instance.uses = Coupon.objects.select_for_update().get(pk=self.instance.pk).uses
        if limit is not None and limit < self.instance.uses:
            raise ValidationError(
                _("It has been used %(uses)d times: the limit cannot be lower.")
                % {"uses": self.instance.uses}
            )
        return limit

    def clean(self) -> None:
        """Say beside the field what the kind of coupon needs, and what it cannot have."""
        super().clean()
        if self.cleaned_data.get("kind") == Coupon.Kind.FIXED:
            self._need("amount_minor", _("A fixed coupon needs an amount above 0."))
            self._need("currency", _("Choose the currency of the amount."))
            self._refuse("percent", _("A fixed coupon has no percentage: empty this field."))
        else:
            self._need("percent", _("A percentage coupon needs a percentage above 0."))
            self._refuse("amount_minor", _("A percentage coupon has no amount: empty this field."))
            self._refuse("currency", _("A percentage coupon holds in every currency: choose none."))
        starts_at, ends_at = self.cleaned_data.get("starts_at"), self.cleaned_data.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", _("It would end before it begins: choose a later time."))

    def _need(self, field: str, message: str) -> None:
        if field not in self.errors and not self.cleaned_data.get(field):
            self.add_error(field, message)

    def _refuse(self, field: str, message: str) -> None:
        if self.cleaned_data.get(field):
            self.add_error(field, message)


@admin.register(Coupon)
class CouponAdmin(admin.ModelAdmin[Coupon]):
    form = CouponForm
    list_display = ["code", "discount", "used", "starts_at", "ends_at", "is_active"]
    list_filter = ["is_active", "kind"]
    search_fields = ["code"]
    ordering = ["-pk"]
    readonly_fields = ["used"]
    fieldsets = [
        (None, {"fields": ["code", "is_active"]}),
        (gettext_lazy("Discount"), {"fields": ["kind", "percent", ("amount_minor", "currency")]}),
        (gettext_lazy("Limits"), {"fields": ["starts_at", "ends_at", "max_uses", "used"]}),
    ]

    @admin.display(description=gettext_lazy("discount"))
    def discount(self, coupon: Coupon) -> str:
        if coupon.percent is not None:
            return f"{coupon.percent.normalize():f} %"
        return format_money(coupon.amount_minor or 0, coupon.currency)

    @admin.display(description=gettext_lazy("used"), ordering="uses")
    def used(self, coupon: Coupon) -> SafeString | str:
        """How often, with the way to the orders that used it."""
        if not coupon.pk:
            return "0"
        limit = coupon.max_uses
        return format_html(
            '<a href="{}?coupon__id__exact={}">{}</a>',
            reverse("admin:cart_couponredemption_changelist"),
            coupon.pk,
            str(coupon.uses)
            if limit is None
            else _("%(uses)d of %(limit)d") % {"uses": coupon.uses, "limit": limit},
        )


@admin.register(CouponRedemption)
class CouponRedemptionAdmin(ReadOnlyAdmin[CouponRedemption]):
    list_display = ["created_at", "coupon", "reference", "state"]
    list_filter = ["state"]
    list_select_related = ["coupon"]
    search_fields = ["coupon__code", "reference"]
    ordering = ["-pk"]
    exclude = ["holder"]


@admin.register(LeftBehind)
class LeftBehindAdmin(ReadOnlyAdmin[LeftBehind]):
    list_display = ["left_at", "kind", "email", "value", "state", "order"]
    list_filter = ["kind", "is_held_out", ("recovered_at", admin.EmptyFieldListFilter)]
    search_fields = ["email", "mark", "recovered_by"]
    date_hierarchy = "left_at"
    ordering = ["-pk"]
    fields = [
        "left_at",
        "kind",
        "mark",
        "email",
        "language",
        "value",
        "what",
        "coupon_code",
        "state",
        "recovered_at",
        "order",
    ]

    @admin.display(description=gettext_lazy("value"))
    def value(self, left: LeftBehind) -> str:
        return format_money(left.value_minor, left.currency)

    @admin.display(description=gettext_lazy("what"))
    def what(self, left: LeftBehind) -> str:
        return ", ".join(f"{item['quantity']} × {item['title']}" for item in left.items)

    @admin.display(description=gettext_lazy("state"))
    def state(self, left: LeftBehind) -> str:
        """What became of it; the messages themselves are among the steps."""
        if left.recovered_at is not None:
            return _("bought after all, held out") if left.is_held_out else _("bought after all")
        return _("held out: gets no messages") if left.is_held_out else _("not bought")

    @admin.display(description=gettext_lazy("order"))
    def order(self, left: LeftBehind) -> SafeString | str:
        """The order that was paid after all, with the way to it."""
        if not left.recovered_by:
            return ""
        return format_html(
            '<a href="{}?q={}">{}</a>',
            reverse("admin:orders_order_changelist"),
            left.recovered_by,
            left.recovered_by,
        )
