"""What is refused before any page sees it."""

from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.translation import gettext as _

from shop.text import is_storable


class StorableTextMiddleware:
    """Answer 400 to an address or a cookie with text that no database row can have.

    What is looked up by them then needs no care; a form's fields are checked where they are read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if all(map(is_storable, _texts(request))):
            return self.get_response(request)
        return HttpResponseBadRequest(
            _(
                "The address or a cookie has a character in it that we cannot read. Type the "
                "address again; if that does not help, delete the cookies of this site."
            ),
            content_type="text/plain; charset=utf-8",
        )


def _texts(request: HttpRequest) -> Iterator[str]:
    yield request.path_info
    yield from request.COOKIES.values()
    for name, values in request.GET.lists():
        yield from (name, *map(str, values))
