"""What staff type about goods of one kind: repository, files, lessons, events, licence stock."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.admin import CorrectionForm
from shop.forms import name_fields
from shop.licence_keys import free_keys
from shop.models import DownloadFile, EventDetails, Lesson, Product, Variant

# GitHub's rules for owners and for repositories.
REPOSITORY = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/[A-Za-z0-9._-]{1,100}")


class ProductForm(forms.ModelForm[Product]):
    """A product. A repository is named as owner/name, and nothing counted becomes a licence."""

    class Meta:
        model = Product
        fields = [
            *("name", "slug", "category", "kind", "repository"),
            *("description", "is_published"),
        ]
        help_texts = {
            "kind": gettext_lazy("Save to see the fields of another kind."),
            "repository": gettext_lazy("Only for access to a GitHub repository: owner/name."),
        }

    def clean_repository(self) -> str:
        """Refuse what GitHub could not know, such as the address of a page."""
        repository: str = self.cleaned_data["repository"]
        if repository and not REPOSITORY.fullmatch(repository):
            raise ValidationError(
                _("“%(typed)s” is no repository: write owner/name, such as studio/recipes.")
                % {"typed": repository},
                code="repository",
            )
        return repository

    def clean(self) -> None:
        """Refuse a kind that the rest does not fit."""
        super().clean()
        kind = self.cleaned_data.get("kind")
        if kind == Product.Kind.REPOSITORY and self.cleaned_data.get("repository") == "":
            self.add_error("repository", _("Name the repository: owner/name."))
        if kind == Product.Kind.LICENCE and "kind" in self.changed_data and self.instance.pk:
            self._refuse_stock_without_keys()

    def _refuse_stock_without_keys(self) -> None:
        counted = Variant.objects.filter(product=self.instance).exclude(stock=None)
        without = [
            variant.sku
            for variant in counted.select_related("stock")
            if variant.stock and variant.stock.on_hand != free_keys(variant)
        ]
        if without:
            self.add_error(
                "kind",
                _("A licence has a key for each unit of stock: correct the stock of %(skus)s to 0.")
                % {"skus": ", ".join(without)},
            )


class DownloadFileForm(forms.ModelForm[DownloadFile]):
    """A file to download. No link is shown: only buyers may fetch it."""

    file = forms.FileField(label=gettext_lazy("File"), widget=forms.FileInput())

    class Meta:
        model = DownloadFile
        fields = ["name", "file", "position"]
        widgets = {
            "name": forms.TextInput(attrs={"size": 30}),
            "position": forms.NumberInput(attrs={"class": "units"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_fields(self)


class LessonForm(forms.ModelForm[Lesson]):
    """A page of a course, as plain text with empty lines between paragraphs."""

    class Meta:
        model = Lesson
        fields = ["title", "text", "position"]
        widgets = {"text": forms.Textarea(attrs={"rows": 12})}


class EventForm(forms.ModelForm[EventDetails]):
    """When and where."""

    class Meta:
        model = EventDetails
        fields = ["starts_at", "ends_at", "place"]

    def clean(self) -> None:
        """Say beside the field that it ends before it begins."""
        super().clean()
        starts_at, ends_at = (self.cleaned_data.get(name) for name in ("starts_at", "ends_at"))
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", _("Give a time after the beginning."))


class GoodsCorrectionForm(CorrectionForm):
    """A correction of stock; not of a licence's, which is the number of its free keys."""

    def clean(self) -> None:
        """Refuse what would part stock and keys."""
        licence = Variant.objects.filter(stock=self.instance, product__kind=Product.Kind.LICENCE)
        if licence.exists():
            raise ValidationError(
                _("This stock is the number of free licence keys: add keys at the product instead.")
            )
        super().clean()
