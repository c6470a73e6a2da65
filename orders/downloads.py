"""Files that were bought: signed links to them, counted and valid for some hours."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import DownloadCount, Grant
from orders.refusals import GrantRefusedError
from orders.states import lock
from shop.models import DownloadFile

SALT = "orders.downloads"


@dataclass(frozen=True)
class Download:
    """A file of a grant, and how often it can still be fetched.

    `size` is in bytes; None when the file is lost.
    """

    file: DownloadFile
    size: int | None
    left: int
    link: str


@dataclass(frozen=True)
class Link:
    """What a signed link says: which file of which grant. `id` tells it from other links to it."""

    grant_id: int
    file_id: int
    id: str


def downloads_of(grant: Grant) -> list[Download]:
    """Return the files of a grant, each with a fresh link. 4 queries, or none if read before."""
    counts = {count.file_id: count.count for count in grant.downloads.all()}
    return [
        Download(
            file=file,
            size=file.file.size if is_there(file) else None,
            left=max(settings.DOWNLOADS_PER_FILE - counts.get(file.pk, 0), 0),
            link=download_link(grant, file),
        )
        for file in files_of(grant)
    ]


def files_of(grant: Grant) -> list[DownloadFile]:
    """Return the files of the product that was bought; none when it is no longer in the shop."""
    if grant.line.variant is None:
        return []
    return list(grant.line.variant.product.downloads.all())


def is_there(file: DownloadFile) -> bool:
    """Say whether the file itself is where it should be."""
    return file.file.storage.exists(file.file.name or "")


def download_link(grant: Grant, file: DownloadFile) -> str:
    """Return the path of a link that is valid for settings.DOWNLOAD_LINK_HOURS from now."""
    signed = signing.dumps([grant.pk, file.pk, secrets.token_hex(8)], salt=SALT)
    return reverse("orders:download", args=[signed])


def read_link(signed: str) -> Link | None:
    """Return what a link says, also of one that is no longer valid; None for no link of ours."""
    try:
        return Link(*signing.loads(signed, salt=SALT))
    except signing.BadSignature:
        return None


def is_expired(signed: str) -> bool:
    """Say whether the time of a link of ours is over."""
    hours = timedelta(hours=settings.DOWNLOAD_LINK_HOURS)
    try:
        signing.loads(signed, salt=SALT, max_age=hours)
    except signing.SignatureExpired:
        return True
    return False


def count_link(link: Link, grant: Grant, file: DownloadFile) -> None:
    """Count a link at its first use; what is resumed through it later costs nothing.

    Raises GrantRefusedError as `count_download` does.
    """
    name = f"download-{link.id}"
    hours = timedelta(hours=settings.DOWNLOAD_LINK_HOURS)
    if not cache.add(name, 1, timeout=int(hours.total_seconds())):
        return
    try:
        count_download(grant, file)
    except GrantRefusedError:
        cache.delete(name)
        raise


@transaction.atomic
def count_download(grant: Grant, file: DownloadFile) -> None:
    """Count one download. Raises GrantRefusedError when the grant is not open or none is left."""
    lock(grant.line.order_id)
    if not Grant.objects.filter(pk=grant.pk, state=Grant.State.GRANTED).exists():
        raise GrantRefusedError(_("Access to this file was taken back."))
    count, _is_new = DownloadCount.objects.get_or_create(grant=grant, file=file)
    counted = DownloadCount.objects.filter(pk=count.pk, count__lt=settings.DOWNLOADS_PER_FILE)
    if not counted.update(count=F("count") + 1, last_at=timezone.now()):
        raise GrantRefusedError(
            _("This file was fetched %(count)d times, which is as often as it can be.")
            % {"count": settings.DOWNLOADS_PER_FILE}
        )
