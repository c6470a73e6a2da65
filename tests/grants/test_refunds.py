"""The refund composer and the books, for what is granted instead of sent."""

import pytest
from django.test import Client
from django.urls import reverse

from checkout.books.goods import returned_units, returns_without_refund
from checkout.books.licences import free_keys
from orders.granting import grant_line
from orders.models import Order
from orders.refund_forms import RefundForm, filled_with_all, preview_of
from orders.states import SCHEDULE
from shop.licence_keys import add_keys
from shop.models import LicenceKey, Product
from tests.grants.goods import a_book, a_licence, an_event, grant_of, refund, sell

pytestmark = [pytest.mark.django_db, pytest.mark.both]
Kind = Product.Kind


@pytest.fixture
def order() -> Order:
    return sell((a_book(), 1), (an_event(), 2), (a_licence(["A-1"]), 1))


def box(order: Order, kind: Product.Kind) -> str:
    return f"restock_{order.lines.get(kind=kind).pk}"


def test_staff_say_whether_access_is_taken_back_and_by_default_it_is_not(order: Order) -> None:
    form = RefundForm(order.payments.get())

    for kind in (Kind.DOWNLOAD, Kind.EVENT, Kind.LICENCE):
        field = form[box(order, kind)]
        assert str(field.label).endswith("take access back")
        assert not field.value()


def test_when_everything_is_refunded_access_is_taken_back(order: Order) -> None:
    form = filled_with_all(order.payments.get())

    assert preview_of(form) is not None
    for kind in (Kind.DOWNLOAD, Kind.EVENT, Kind.LICENCE):
        assert form.cleaned_data[box(order, kind)]


def test_the_composer_says_it_in_its_words(order: Order, admin_client: Client) -> None:
    address = reverse("admin:orders_order_refund", args=[order.pk, order.payments.get().pk])

    page = admin_client.get(address).content.decode()

    assert page.count(">Take access back<") == 3


def test_the_preview_sells_seats_again_and_no_keys(order: Order) -> None:
    preview = preview_of(filled_with_all(order.payments.get()))

    assert preview is not None
    after = {one.line.kind: (one.stock_before, one.stock_after) for one in preview.changes}
    assert after[Kind.EVENT] == (18, 20)
    assert after[Kind.LICENCE] == (None, None)


def test_the_books_close_after_keys_and_seats_went_back(order: Order) -> None:
    for kind in (Kind.EVENT, Kind.LICENCE):
        grant_line(grant_of(order, kind), SCHEDULE)
        refund(order, kind, 1, take_back=True)

    for rule in (returned_units, returns_without_refund, free_keys):
        assert list(rule()) == []


def test_the_books_close_before_the_keys_are_given(order: Order) -> None:
    assert list(free_keys()) == []


def test_the_books_close_when_keys_come_after_the_order() -> None:
    licence = a_licence()
    sell((licence, 1))

    add_keys(licence, ["A-1"], "stella")

    assert list(free_keys()) == []


def test_a_key_that_vanished_from_its_pool_is_found(order: Order) -> None:
    LicenceKey.objects.all().delete()

    (found,) = free_keys()

    assert found.found == "0 free keys"
    assert found.expected == "0 for sale and 1 sold but not given yet"
