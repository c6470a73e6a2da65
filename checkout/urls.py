from django.urls import path

from checkout import views

app_name = "checkout"
urlpatterns = [
    path("", views.checkout, name="checkout"),
    path("summary/", views.summary, name="summary"),
    path("hold/", views.hold, name="hold"),
]
