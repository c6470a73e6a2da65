import pytest
from django.test import Client, RequestFactory

from shop.currency import current_currency

pytestmark = pytest.mark.django_db


def test_the_first_currency_is_everybodys_until_another_is_chosen(client: Client) -> None:
    assert 'value="USD" aria-pressed="true"' in client.get("/").content.decode()

    client.post("/currency/", {"currency": "EUR", "next": "/"})

    assert 'value="EUR" aria-pressed="true"' in client.get("/").content.decode()


def test_choosing_a_currency_leads_back_to_the_page(client: Client) -> None:
    response = client.post("/currency/", {"currency": "EUR", "next": "/search/?q=mug"})

    assert response["Location"] == "/search/?q=mug"
    assert response.cookies["currency"]["httponly"]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:1", ""])
def test_nobody_is_sent_to_another_site(client: Client, target: str) -> None:
    response = client.post("/currency/", {"currency": "EUR", "next": target})

    assert response["Location"] == "/"


@pytest.mark.parametrize("currency", ["GBP", "", "usd", "<b>"])
def test_a_currency_the_shop_does_not_sell_in_is_ignored(currency: str) -> None:
    client = Client()
    response = client.post("/currency/", {"currency": currency})
    request = RequestFactory().get("/")
    request.COOKIES["currency"] = currency

    assert "currency" not in response.cookies
    assert current_currency(request) == "USD"


def test_a_link_alone_changes_no_currency(client: Client) -> None:
    assert client.get("/currency/", {"currency": "EUR"}).status_code == 405


def test_another_site_cannot_change_the_currency() -> None:
    stranger = Client(enforce_csrf_checks=True)

    assert stranger.post("/currency/", {"currency": "EUR"}).status_code == 403
