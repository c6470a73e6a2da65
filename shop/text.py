import re

# PostgreSQL stores no NUL, and half of a surrogate pair has no UTF-8.
NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Say whether the database can be asked for `text` at all."""
    return NOT_STORABLE.search(text) is None
