"""Files that were bought: signed links, counted, valid for a day, and resumable."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from orders.downloads import count_download, download_link, downloads_of, files_of
from orders.granting import grant_line, revoke_line
from orders.models import Grant, Order
from orders.refusals import GrantRefusedError
from orders.states import SCHEDULE
from shop.models import DownloadFile, Product
from tests.at_once import all_at_once
from tests.grants.goods import BOOK, a_book, grant_of, sell

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def order() -> Order:
    order = sell((a_book(), 1))
    grant_line(grant_of(order, Product.Kind.DOWNLOAD), SCHEDULE)
    return order


@pytest.fixture
def grant(order: Order) -> Grant:
    return grant_of(order, Product.Kind.DOWNLOAD)


@pytest.fixture
def file(grant: Grant) -> DownloadFile:
    return files_of(grant)[0]


@pytest.fixture
def link(grant: Grant, file: DownloadFile) -> str:
    return download_link(grant, file)


def left(grant: Grant) -> int:
    return downloads_of(grant)[0].left


def fetch(client: Client, link: str, **headers: str) -> tuple[Any, bytes]:
    """Return the response and all that it sends."""
    response = client.get(link, headers=headers)
    return response, b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_a_link_sends_the_file_to_be_kept(client: Client, link: str, file: DownloadFile) -> None:
    response, content = fetch(client, link)

    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["Content-Length"] == str(len(BOOK))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert content == BOOK


def test_a_download_goes_on_where_it_broke_off(client: Client, link: str) -> None:
    response, content = fetch(client, link, Range="bytes=100-")

    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes 100-{len(BOOK) - 1}/{len(BOOK)}"
    assert content == BOOK[100:]


def test_what_lies_behind_the_end_is_no_part(client: Client, link: str) -> None:
    assert client.get(link, headers={"Range": "bytes=99999-"}).status_code == 416


def test_a_link_counts_once_however_often_it_is_resumed(
    client: Client, link: str, grant: Grant, settings: Settings
) -> None:
    settings.DOWNLOADS_PER_FILE = 3
    for start in (0, 100, 200):
        fetch(client, link, Range=f"bytes={start}-")

    assert left(grant) == 2


def test_a_look_at_the_size_costs_nothing(client: Client, link: str, grant: Grant) -> None:
    before = left(grant)

    assert client.head(link)["Content-Length"] == str(len(BOOK))

    assert left(grant) == before


def test_when_none_is_left_a_page_says_so(
    client: Client, grant: Grant, file: DownloadFile, settings: Settings
) -> None:
    settings.DOWNLOADS_PER_FILE = 1
    fetch(client, download_link(grant, file))

    response = client.get(download_link(grant, file))

    assert response.status_code == 410
    assert "No downloads left" in response.content.decode()


def test_an_old_link_leads_those_who_may_see_it_back_to_the_order(
    client: Client, link: str, order: Order, grant: Grant
) -> None:
    before = left(grant)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        stranger = client.get(link)
        guest = client.get(f"{link}?key={order.access_key}")

    assert (stranger.status_code, guest.status_code) == (410, 410)
    assert "This link is too old" in stranger.content.decode()
    assert order.access_key not in stranger.content.decode()
    assert f"{order.get_absolute_url()}#purchase-" in guest.content.decode()
    assert left(grant) == before


def test_a_link_to_what_was_taken_back_says_so(client: Client, link: str, grant: Grant) -> None:
    revoke_line(grant, SCHEDULE)

    response = client.get(link)

    assert response.status_code == 410
    assert "Access was taken back" in response.content.decode()


@pytest.mark.parametrize("broken", ["x/", "/"])
def test_a_damaged_link_opens_nothing(client: Client, link: str, broken: str) -> None:
    assert client.get(link[:-2] + broken).status_code == 404


def test_a_file_that_is_gone_is_not_found_and_not_counted(
    client: Client, link: str, grant: Grant, file: DownloadFile
) -> None:
    before = left(grant)
    file.file.storage.delete(file.file.name or "")

    assert client.get(link).status_code == 404
    assert left(grant) == before


def test_a_file_of_another_product_cannot_be_had_through_the_grant(
    client: Client, grant: Grant
) -> None:
    other = sell((a_book(), 1))
    (file,) = files_of(grant_of(other, Product.Kind.DOWNLOAD))

    assert client.get(download_link(grant, file)).status_code == 404


def test_nothing_is_counted_before_it_is_granted() -> None:
    grant = grant_of(sell((a_book(), 1)), Product.Kind.DOWNLOAD)

    with pytest.raises(GrantRefusedError, match="taken back"):
        count_download(grant, files_of(grant)[0])


@pytest.mark.django_db(transaction=True)
def test_rivals_get_no_more_downloads_than_there_are(
    grant: Grant, file: DownloadFile, settings: Settings
) -> None:
    settings.DOWNLOADS_PER_FILE = 2

    def fetch(_number: int) -> bool:
        try:
            count_download(grant, file)
        except GrantRefusedError:
            return False
        return True

    assert sorted(all_at_once(4, fetch)) == [False, False, True, True]
