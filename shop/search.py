"""Find products by words. PostgreSQL reads word stems and forgives typing mistakes; SQLite, the
database of the demo, finds what is written exactly so.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import (
    SearchQuery,
    SearchRank,
    SearchVectorField,
    TrigramWordDistance,
    TrigramWordSimilarity,
)
from django.db import connection
from django.db.models import Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest

from shop.listing import published
from shop.models import Product

MAX_LENGTH = 100
MAX_WORDS = 8
MAX_RESULTS = 240
MAX_CLOSE = 12
# Trigrams say nothing about shorter words.
SHORTEST_SIMILAR = 3
# A wrong letter in a word of five; less would find almost anything.
SIMILAR_ENOUGH = 0.39


@dataclass(frozen=True, slots=True)
class Found:
    """Keys of products, best first. `is_close` says that they only resemble what was asked for."""

    product_ids: list[int]
    is_close: bool = False


def clean_query(text: str) -> str:
    """Return what was typed, at most MAX_LENGTH characters, without any that are no text."""
    readable = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(readable[:MAX_LENGTH].split())


def search(query: str) -> Found:
    """Find published products, at most MAX_RESULTS. 1 query; a second if none has the words."""
    words = query.split()[:MAX_WORDS]
    if not words:
        return Found([])
    if connection.vendor != "postgresql":
        return Found(_keys(_containing(words)))
    exact = _keys(_full_text(query))
    return Found(exact) if exact else _similar(words)


def _keys(products: QuerySet[Product]) -> list[int]:
    return list(products.values_list("pk", flat=True)[:MAX_RESULTS])


def _containing(words: list[str]) -> QuerySet[Product]:
    products = published()
    for word in words:
        products = products.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return products


def _full_text(query: str) -> QuerySet[Product]:
    # The column exists on PostgreSQL only (migration 0002), so no model names it.
    document: Any = RawSQL("shop_product.search_document", [], SearchVectorField())
    wanted = SearchQuery(query, search_type="websearch", config="english")
    return (
        published()
        .annotate(document=document)
        .filter(document=wanted)
        .order_by(SearchRank(document, wanted).desc(), "-pk")
    )


def _similar(words: list[str]) -> Found:
    telling = [word for word in words if len(word) >= SHORTEST_SIMILAR]
    if not telling:
        return Found([])
    likeness = [TrigramWordSimilarity(word, "name") for word in telling]
    # In this order alone the index hands out the nearest names without looking at the others.
    nearest = (
        published()
        .order_by(TrigramWordDistance(" ".join(telling), "name"))
        .values_list("pk", Greatest(*likeness, Value(0.0)))[:MAX_CLOSE]
    )
    return Found([pk for pk, alike in nearest if alike >= SIMILAR_ENOUGH], is_close=True)
