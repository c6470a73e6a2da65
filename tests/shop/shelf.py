"""What the tests of the shop's pages put on the shelf, and how they read a page."""

import json
import re
from typing import Any

from shop.models import Product, ProductImage


def make_image(product: Product, alt: str = "A mug on a table", position: int = 0) -> ProductImage:
    """Return a picture's row; there is no file behind it."""
    return ProductImage.objects.create(
        product=product,
        file=f"products/{product.slug}-{position}.webp",
        width=1200,
        height=1200,
        alt=alt,
        position=position,
    )


def text_of(response: Any) -> str:
    """Return what a person reads on the page, in one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def structured_data(response: Any) -> list[dict[str, Any]]:
    """Return the JSON-LD of the page, always as a list."""
    found = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', response.content.decode(), re.DOTALL
    )
    assert found is not None
    data = json.loads(found[1])
    return data if isinstance(data, list) else [data]
