from django.urls import path

from notifications import unsubscribing

app_name = "notifications"
urlpatterns = [
    path("unsubscribe/<str:signed>/", unsubscribing.unsubscribe, name="unsubscribe"),
]
