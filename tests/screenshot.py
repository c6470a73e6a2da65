"""`make screenshot`: pictures of the demo that runs on PORT, for the README."""

import os
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from tests import chromium

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> int:
    """Write docs/screenshot.png (home) and docs/checkout.png; return the exit code."""
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.FLAGS, chromium_sandbox=False
        )
        page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 860})
        try:
            page.goto("/", wait_until="networkidle")
        except Error as error:
            print(f"{address} does not answer: start it with make demo. ({error.message})")
            return 1
        page.screenshot(path=DOCS / "screenshot.png")
        page.locator("main a[href^='/products/']").first.click()
        with page.expect_response("**/cart/add/"):
            page.get_by_role("button", name="Add to cart").click()
        page.goto("/checkout/", wait_until="networkidle")
        page.screenshot(path=DOCS / "checkout.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
