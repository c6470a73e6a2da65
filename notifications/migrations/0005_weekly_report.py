from django.db import migrations

# Name, function, minutes between two runs. Each hour: it plans one mail a week, and no worker that
# was away on a Monday morning loses it.
SCHEDULES = [
    ("Notifications: plan the weekly report", "notifications.report.tasks.plan_weekly_report", 60),
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
        ("notifications", "0004_deliveries"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [migrations.RunPython(add_schedules, remove_schedules)]
