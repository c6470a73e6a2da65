from django import template

from orders.whatsapp import is_offered

register = template.Library()
register.simple_tag(is_offered, name="whatsapp_is_offered")
