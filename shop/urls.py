from django.contrib.sitemaps.views import sitemap
from django.urls import path

from shop import currency, views, visits
from shop.sitemaps import SITEMAPS

app_name = "shop"

urlpatterns = [
    path("", views.home, name="home"),
    path("categories/<slug:slug>/", views.category, name="category"),
    path("products/<slug:slug>/", views.product, name="product"),
    path("products/<slug:slug>/tell-me/", views.tell_me, name="tell_me"),
    path("search/", views.search, name="search"),
    path("currency/", currency.choose_currency, name="currency"),
    path("visit/", visits.visit, name="visit"),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]
