from django.urls import path

from checkout import views
from checkout.retry import retry

app_name = "checkout"
urlpatterns = [
    path("", views.checkout, name="checkout"),
    path("summary/", views.summary, name="summary"),
    path("hold/", views.hold, name="hold"),
    path("retry/<slug:token>/", retry, name="retry"),
]
