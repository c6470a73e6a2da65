"""An address or a cookie that no row can have is refused before a page looks anything up."""

import pytest
from django.test import Client

from accounts.models import User
from cart.models import Cart
from tests.factories import ProductFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.mark.parametrize(
    "address",
    [
        *("/cart/?removed=%00&quantity=1", "/?coupon=a%00b", "/search/?q=%00&q=mug"),
        *("/products/mug/?variant=%00", "/search/?%00=mug", "/products/%00/", "/media/%00.webp"),
        *("/accounts/login/?next=%00", "/static/%00.css", "/api/cart?x=%00"),
    ],
)
def test_a_nul_in_an_address(client: Client, address: str) -> None:
    ProductFactory.create(slug="mug")

    answer = client.get(address)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().startswith("The address or a cookie has a character in it that")


def test_half_a_character_that_another_encoding_brings(client: Client) -> None:
    answer = client.get(
        "/cart/?removed=\\ud800&quantity=1", CONTENT_TYPE="text/plain; charset=unicode_escape"
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["sessionid", "cart", "messages"])
def test_a_nul_in_a_cookie(client: Client, name: str) -> None:
    client.cookies[name] = "\0" * 20

    assert client.get("/accounts/login/").status_code == 400


def test_a_nul_in_the_filter_of_a_list(client: Client, staff: User) -> None:
    client.force_login(staff)

    assert client.get("/admin/shop/product/?kind__exact=%00").status_code == 400


@pytest.mark.parametrize(
    "address", ["/?utm_source=%2500", "/search/?q=caf%C3%A9", "/search/?q=%ff"]
)
def test_all_other_text_is_welcome(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200


def test_a_variant_with_a_nul_is_not_for_sale(client: Client) -> None:
    assert client.post("/cart/add/", {"variant": "\0"})["Location"] == "/cart/"
    assert not Cart.objects.exists()
