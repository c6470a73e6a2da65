from django.urls import path

from cart import views

app_name = "cart"
urlpatterns = [
    path("", views.cart, name="cart"),
    path("add/", views.add_to_cart, name="add"),
    path("lines/<int:line_id>/", views.line, name="line"),
    path("coupon/", views.coupon, name="coupon"),
]
