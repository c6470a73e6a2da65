from datetime import datetime, time

from django.conf import settings
from django.utils import timezone

from notifications.models import Delivery
from notifications.report.message import WEEK, weekly_report
from notifications.report.period import DAY, week_before
from shop.models import FunnelEvent

# In the shop's zone, on Mondays.
SENT_AT = time(7)


def plan_weekly_report() -> bool:
    """Plan the mail about last week, if anything happened; says whether there is something to tell.

    For a schedule: asked again and by several workers, it plans one step a week.
    """
    week = week_before(timezone.localdate())
    days = FunnelEvent.objects.filter(day__gte=week.first, day__lte=week.last)
    if not settings.ADMIN_EMAIL or not days.exists():
        return False
    monday = datetime.combine(week.last + DAY, SENT_AT)
    step = Delivery(
        cause=week.first.strftime(WEEK),
        step=weekly_report.__name__,
        recipient=settings.ADMIN_EMAIL,
        due_at=timezone.make_aware(monday, timezone.get_default_timezone()),
    )
    Delivery.objects.bulk_create([step], ignore_conflicts=True)
    return True
