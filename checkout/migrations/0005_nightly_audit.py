from datetime import timedelta

from django.db import migrations
from django.utils import timezone

NAME = "Checkout: audit the books"


def add_schedule(apps, schema_editor):
    # At night by the clock of most shops that keep UTC; a large shop's audit takes minutes.
    night = timezone.now().replace(hour=3, minute=17, second=0, microsecond=0) + timedelta(days=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=NAME,
        defaults={
            "func": "checkout.books.tasks.check_books_nightly",
            "schedule_type": "D",
            "next_run": night,
            # Longer than a task usually may take, shorter than when the queue gives it out again.
            "kwargs": "q_options={'timeout': 140}",
        },
    )


def remove_schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("checkout", "0004_decline_jump")]
    operations = [migrations.RunPython(add_schedule, remove_schedule)]
