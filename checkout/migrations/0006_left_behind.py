from django.db import migrations

NAME = "Checkout: what was left behind"


def add_schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=NAME,
        defaults={"func": "checkout.tasks.note_left", "schedule_type": "I", "minutes": 1},
    )


def remove_schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("checkout", "0005_nightly_audit")]
    operations = [migrations.RunPython(add_schedule, remove_schedule)]
