from django.db import migrations

# Name, function, minutes between two runs.
SCHEDULES = [
    ("Checkout: sweep", "checkout.tasks.sweep", 1),
    ("Checkout: tidy", "checkout.tasks.tidy", 60),
    ("Cart: purge expired", "cart.tasks.purge_expired", 60),
]


def add_schedules(apps, schema_editor):
    schedule = apps.get_model("django_q", "Schedule")
    for name, func, minutes in SCHEDULES:
        schedule.objects.get_or_create(
            name=name, defaults={"func": func, "schedule_type": "I", "minutes": minutes}
        )


def remove_schedules(apps, schema_editor):
    schedule = apps.get_model("django_q", "Schedule")
    schedule.objects.filter(name__in=[name for name, _, _ in SCHEDULES]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("checkout", "0001_initial"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [migrations.RunPython(add_schedules, remove_schedules)]
