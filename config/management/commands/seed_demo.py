import json
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from cart.models import Coupon
from inventory.models import StockItem, StockMovement
from inventory.stock import adjust
from shop import sample
from shop.delivery import SATURDAY
from shop.licence_keys import add_keys
from shop.models import (
    Category,
    DownloadFile,
    EventDetails,
    Lesson,
    Price,
    Product,
    ProductImage,
    ShippingRate,
    TaxRate,
    Variant,
)
from shop.pictures import write_picture
from shop.sample.booklet import FILES

SAMPLE = Path(sample.__file__).parent
ACTOR = "seed_demo"

Row = dict[str, Any]


@dataclass
class Missing:
    """What of the sample is not in the shop yet."""

    categories: list[Row] = field(default_factory=list)
    products: list[Row] = field(default_factory=list)
    coupons: list[Row] = field(default_factory=list)
    shipping: list[Row] = field(default_factory=list)
    tax_rates: list[Row] = field(default_factory=list)
    staff: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts: dict[str, list[Any]] = {
            "categories": self.categories,
            "products": self.products,
            "coupons": self.coupons,
            "shipping rates": self.shipping,
            "tax rates": self.tax_rates,
            "staff logins": self.staff,
        }
        return ", ".join(f"{len(rows)} {name}" for name, rows in counts.items() if rows)


class Command(BaseCommand):
    help = "Put the sample catalogue into the shop. What is there already stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--staff-email", help="also make this staff login, if it is missing")
        parser.add_argument("--staff-password", help="the password of the staff login")
        parser.add_argument("--dry-run", action="store_true", help="only say what is missing")

    def handle(
        self,
        *args: Any,
        staff_email: str | None,
        staff_password: str | None,
        dry_run: bool,
        **options: Any,
    ) -> None:
        if bool(staff_email) != bool(staff_password):
            raise CommandError("Give --staff-email and --staff-password together.")
        missing = find_missing(staff_email)
        if not str(missing):
            self.stdout.write("The sample is there already: nothing was changed.")
        elif dry_run:
            self.stdout.write(f"Would make {missing}.")
        else:
            make(missing, staff_password)
            self.stdout.write(self.style.SUCCESS(f"Made {missing}."))


def find_missing(staff_email: str | None) -> Missing:
    """Compare the sample with the shop. 7 queries.

    A product that got another slug is known by its SKUs.
    """
    data = json.loads((SAMPLE / "catalogue.json").read_text(encoding="utf-8"))
    for position, category in enumerate(data["categories"]):
        category["position"] = position
        for product in category["products"]:
            product["category"] = category["slug"]
    products = [product for category in data["categories"] for product in category["products"]]
    skus = set(Variant.objects.values_list("sku", flat=True))
    missing = Missing(
        categories=_not_in(Category, "slug", data["categories"]),
        products=[
            product
            for product in _not_in(Product, "slug", products)
            if skus.isdisjoint(variant["sku"] for variant in product["variants"])
        ],
        coupons=_not_in(Coupon, "code", data["coupons"]),
        shipping=_not_in(ShippingRate, "currency", data["shipping"]),
        tax_rates=_not_in(TaxRate, "country", data["tax_rates"]),
    )
    if staff_email and not User.objects.filter(email__iexact=staff_email).exists():
        missing.staff = [staff_email]
    return missing


def _not_in(model: Any, key: str, rows: list[Row]) -> list[Row]:
    there = {str(value) for value in model.objects.values_list(key, flat=True)}
    return [row for row in rows if row[key] not in there]


def make(missing: Missing, staff_password: str | None) -> None:
    """Make all that is missing, or nothing. The pictures come first: they take the longest."""
    pictures = _write_pictures(missing.products)
    with transaction.atomic():
        for row in missing.categories:
            Category.objects.create(**{k: row[k] for k in row if k != "products"})
        # The newest product is shown first, so the first of the sample is made last.
        for row in reversed(missing.products):
            _make_product(row, pictures)
        for row in missing.coupons:
            ends_at = datetime.fromisoformat(row["ends_at"]) if "ends_at" in row else None
            Coupon.objects.create(**{**row, "ends_at": ends_at})
        for row in missing.shipping:
            ShippingRate.objects.create(**row)
        for row in missing.tax_rates:
            TaxRate.objects.create(**row)
        for email in missing.staff:
            user = User.objects.create_superuser(email, staff_password)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def _write_pictures(products: Iterable[Row]) -> dict[str, str]:
    """Store every picture of `products`; return the stored name for each of the sample's names."""
    wanted = {
        row["picture"]
        for product in products
        for row in [product, *product["variants"]]
        if "picture" in row
    }
    with ThreadPoolExecutor() as pool:
        return dict(zip(wanted, pool.map(_write_picture, wanted), strict=True))


def _write_picture(name: str) -> str:
    with (SAMPLE / "pictures" / name).open("rb") as file:
        return write_picture(File(file))


def _make_product(row: Row, pictures: dict[str, str]) -> None:
    product = Product.objects.create(
        category=Category.objects.get(slug=row["category"]),
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        kind=row.get("kind", Product.Kind.PARCEL),
        repository=row.get("repository", ""),
    )
    _make_contents(product, row)
    images: dict[str, ProductImage] = {}
    for pictured in [row, *row["variants"]]:
        name = pictured.get("picture")
        if name and name not in images:
            images[name] = ProductImage.objects.create(
                product=product,
                file=pictures[name],
                alt=pictured["picture_alt"],
                position=len(images),
            )
    for position, variant in enumerate(row["variants"]):
        _make_variant(product, position, variant, images.get(variant.get("picture", "")))


def _make_contents(product: Product, row: Row) -> None:
    """Make what a product that is no parcel consists of."""
    for position, file in enumerate(row.get("downloads", [])):
        content = ContentFile(FILES[file["file"]](), name=file["file"])
        DownloadFile.objects.create(
            product=product, name=file["name"], file=content, position=position
        )
    for position, lesson in enumerate(row.get("lessons", [])):
        Lesson.objects.create(product=product, position=position, **lesson)
    if "event" in row:
        event = row["event"]
        day = _saturday_after(timezone.localdate() + timedelta(days=event["days_ahead"]))
        begins, ends = (
            timezone.make_aware(datetime.combine(day, time.fromisoformat(event[name])))
            for name in ("begins", "ends")
        )
        EventDetails.objects.create(
            product=product, starts_at=begins, ends_at=ends, place=event["place"]
        )


def _saturday_after(day: date) -> date:
    return day + timedelta(days=(SATURDAY - day.weekday()) % 7)


def _make_variant(product: Product, position: int, row: Row, image: ProductImage | None) -> None:
    variant = Variant.objects.create(
        product=product,
        sku=row["sku"],
        options=row["options"],
        position=position,
        image=image,
    )
    if row["stock"] is not None and product.kind == Product.Kind.LICENCE:
        add_keys(variant, [secrets.token_hex(10).upper() for _unit in range(row["stock"])], ACTOR)
    elif row["stock"] is not None:
        variant.stock = _make_stock(row["sku"], row["stock"])
        variant.save(update_fields=["stock"])
    Price.objects.bulk_create(
        Price(variant=variant, currency=currency, amount_minor=amount_minor)
        for currency, amount_minor in row["prices"].items()
    )


def _make_stock(sku: str, units: int) -> StockItem:
    """Return the stock item; one that is there already keeps its count and its movements."""
    item, is_new = StockItem.objects.get_or_create(sku=sku)
    if is_new and units:
        adjust(item, units, StockMovement.Reason.RECEIVED, ACTOR)
    return item
