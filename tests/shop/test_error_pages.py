import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.views.defaults import permission_denied, server_error

from tests.factories import CategoryFactory
from tests.shop.shelf import text_of


@pytest.mark.django_db
def test_a_missing_page_helps_to_find_another(client: Client) -> None:
    CategoryFactory(name="Candles")

    response = client.get("/products/gone/")

    assert response.status_code == 404
    assert "There is no page at this address." in text_of(response)
    assert "Candles" in text_of(response)
    assert 'content="noindex"' in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_says_what_to_do() -> None:
    response = Client(enforce_csrf_checks=True).post("/currency/")

    assert response.status_code == 403
    assert "reload the page, and try again" in text_of(response)


def test_a_fault_of_ours_shows_a_page_without_asking_the_database(rf: RequestFactory) -> None:
    response = server_error(rf.get("/"))

    assert response.status_code == 500
    assert "Something went wrong on our side" in text_of(response)


@pytest.mark.django_db
def test_a_refused_page_says_how_to_get_in(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()

    response = permission_denied(request, Exception())

    assert response.status_code == 403
    assert "sign in with the account" in text_of(response)
