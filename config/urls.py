from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path

from checkout import webhooks
from config import health, media
from config.api import api
from orders import grant_views
from orders import views as order_views

urlpatterns = [
    path("", include("shop.urls")),
    path("cart/", include("cart.urls")),
    path("checkout/", include("checkout.urls")),
    path("orders/", include("orders.urls")),
    path("account/orders/", order_views.my_orders, name="my_orders"),
    path("account/purchases/", grant_views.my_purchases, name="my_purchases"),
    path("accounts/", include("allauth.urls")),
    path("", include("notifications.urls")),
    path("api/webhooks/stripe", webhooks.receive, name="stripe_webhook"),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("healthz", health.alive),
    path("readyz", health.ready),
    re_path(r"^media/(?P<path>.+)$", media.serve_media),
]
if settings.ANYMAIL_ESP:
    urlpatterns.append(path("anymail/", include("notifications.bounces")))
