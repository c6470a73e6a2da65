from django.urls import path

from orders import download_views, grant_views, views
from orders.whatsapp import whatsapp

app_name = "orders"
urlpatterns = [
    path("downloads/<str:signed>/", download_views.download, name="download"),
    path("<str:number>/", views.order, name="order"),
    path("<str:number>/status/", views.status, name="status"),
    path("<str:number>/whatsapp/", whatsapp, name="whatsapp"),
    path("<str:number>/receipt/", views.receipt, name="receipt"),
    path("<str:number>/purchases/", grant_views.purchases, name="purchases"),
    path("<str:number>/keys/<int:pk>/", grant_views.show_key, name="show_key"),
    path("<str:number>/user-names/<int:line>/", grant_views.user_name, name="user_name"),
    path("<str:number>/attendees/<int:pk>/", grant_views.attendee, name="attendee"),
    path("<str:number>/tickets/<int:pk>/", grant_views.ticket, name="ticket"),
    path("<str:number>/tickets/<int:pk>/qr.svg", grant_views.ticket_qr, name="ticket_qr"),
    path("<str:number>/calendars/<int:line>/", grant_views.calendar, name="calendar"),
    path("<str:number>/courses/<int:line>/", grant_views.course, name="course"),
    path("<str:number>/courses/<int:line>/<int:lesson>/", grant_views.course, name="lesson"),
]
