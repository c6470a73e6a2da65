from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shop.models import ProductImage
from shop.pictures import WIDTHS, rendition_url

register = template.Library()


@register.simple_tag
def picture(image: ProductImage, sizes: str, *, priority: bool = False) -> SafeString:
    """Show a picture in the size that fits the screen: `{% picture image sizes="100vw" %}`.

    `priority` is for the one large picture that is in view at once; all others load lazily.
    """
    sources = {min(width, image.width): rendition_url(image, width) for width in WIDTHS}
    return format_html(
        '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}" {}>',
        rendition_url(image, WIDTHS[1]),
        ", ".join(f"{url} {width}w" for width, url in sources.items()),
        sizes,
        image.width,
        image.height,
        image.alt,
        SafeString('fetchpriority="high"' if priority else 'loading="lazy" decoding="async"'),
    )
