"""One function a message: it returns the context of the templates in the folder of its name.

A function's first line tells staff what the message is for. One that has nothing to say raises
NotWantedError. `notifications/mail.py` adds what every message needs: shop_name, base_url, and
unsubscribe_url where it may be unsubscribed from.
"""

from collections.abc import Callable
from typing import Any

from notifications.messages.following_up import (
    follow_up_first,
    follow_up_second,
    follow_up_third,
)
from notifications.messages.grants import (
    access_granted,
    booking_confirmed,
    download_ready,
    licence_ready,
    user_name_wanted,
)
from notifications.messages.orders import (
    order_confirmed,
    order_expired,
    payment_returned,
    refunded,
    shipped,
)
from notifications.messages.staff import (
    dispute_closed,
    dispute_opened,
    low_stock,
    new_order,
    refund_made,
)
from notifications.messages.winning_back import (
    back_in_stock,
    cart_left,
    last_call,
    left_at_checkout,
    payment_failed,
)
from notifications.models import Delivery
from notifications.report.message import weekly_report

Message = Callable[[Delivery], dict[str, Any]]

ABOUT_A_PURCHASE: tuple[Message, ...] = (
    order_confirmed,
    shipped,
    download_ready,
    licence_ready,
    access_granted,
    booking_confirmed,
    user_name_wanted,
    refunded,
    payment_returned,
    order_expired,
)
# Nobody is written to with these who has unsubscribed, and each says how to.
UNSUBSCRIBABLE: tuple[Message, ...] = (
    payment_failed,
    left_at_checkout,
    cart_left,
    last_call,
    back_in_stock,
    follow_up_first,
    follow_up_second,
    follow_up_third,
)
FOR_STAFF: tuple[Message, ...] = (
    new_order,
    low_stock,
    refund_made,
    dispute_opened,
    dispute_closed,
    weekly_report,
)

MESSAGES: dict[str, Message] = {
    message.__name__: message for message in (*ABOUT_A_PURCHASE, *UNSUBSCRIBABLE, *FOR_STAFF)
}
