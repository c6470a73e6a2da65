"""Uploaded pictures, served by the shop itself. A proxy or CDN in front may keep them for ever."""

import mimetypes
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe


@require_safe
def serve_media(request: HttpRequest, path: str) -> FileResponse:
    """Return the stored file at `path`. Raises Http404 for anything else, also for a folder."""
    try:
        file = Path(default_storage.path(path))
        is_file = file.is_file()
    except (SuspiciousFileOperation, OSError) as error:
        # An OSError: no file system takes so long a name.
        raise Http404 from error
    if not is_file:
        raise Http404
    content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return FileResponse(
        file.open("rb"),
        content_type=content_type,
        headers={
            # Names are content hashes (shop/pictures.py): what is behind one never changes.
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )
