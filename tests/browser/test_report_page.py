"""The report in a browser: legible on a phone and in the dark, its plots told in words; visits."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from shop.models import FunnelEvent
from tests.conftest import NewPage
from tests.report.year import make_year

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenReport = Callable[[Page], None]


@pytest.fixture
def open_report(
    shop_server: str, staff: User, sign_in: Callable[[Page, User, str], None]
) -> OpenReport:
    """Return a function that opens the report of a year."""
    make_year(200, timezone.localdate())

    def go(page: Page) -> None:
        sign_in(page, staff, shop_server)
        page.goto(f"{shop_server}/admin/report/?days=365")

    return go


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_and_nothing_sticks_out(
    new_page: NewPage,
    open_report: OpenReport,
    assert_accessible: Callable[[Page], None],
    scheme: str,
    width: int,
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 740})

    open_report(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page)


def test_each_plot_says_what_it_shows_and_leads_to_its_table(
    page: Page, open_report: OpenReport
) -> None:
    open_report(page)

    plots = page.get_by_role("img")
    assert plots.count() == 6
    expect(page.get_by_role("img", name="From visit to paid order")).to_be_visible()
    for link in page.get_by_role("link", name="Table of").all():
        target = link.get_attribute("href") or ""
        expect(page.locator(target)).to_have_count(1)


def test_staff_go_from_their_home_to_the_report_and_choose_days(
    page: Page, open_report: OpenReport, shop_server: str
) -> None:
    open_report(page)
    page.goto(f"{shop_server}/admin/")
    page.get_by_role("link", name="Report").click()
    page.get_by_label("From", exact=True).fill("2026-01-31")
    page.get_by_label("To", exact=True).fill("2026-01-01")
    page.get_by_role("button", name="Show").click()

    expect(page.locator("#report-error")).to_contain_text("Exchange them")
    expect(page.get_by_label("From", exact=True)).to_have_value("2026-01-31")


def test_a_visit_counts_once_a_day_and_keeps_the_last_campaign(
    page: Page, shop_server: str
) -> None:
    def told(path: str) -> None:
        with page.expect_response("**/visit/"):
            page.goto(shop_server + path)

    told("/?utm_source=Newsletter&utm_campaign=November")
    told("/?utm_source=friends")
    page.goto(f"{shop_server}/search/?q=mug")
    page.wait_for_load_state("networkidle")

    visit = FunnelEvent.objects.get(kind=FunnelEvent.Kind.VISIT)
    assert visit.source == "newsletter/november"
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "source"]
    assert cookie["value"] == "friends"
    assert cookie["httpOnly"]


def test_a_visit_without_a_source_leaves_no_cookie(page: Page, shop_server: str) -> None:
    with page.expect_response("**/visit/"):
        page.goto(shop_server)

    assert FunnelEvent.objects.filter(kind=FunnelEvent.Kind.VISIT, source="").count() == 1
    assert not [one for one in page.context.cookies() if one["name"] == "source"]
