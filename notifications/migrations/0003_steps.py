import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Value
from django.db.models.functions import Cast, Concat


def name_causes(apps, schema_editor):
    delivery = apps.get_model("notifications", "Delivery")
    delivery.objects.update(
        cause=Concat(Value("event "), Cast("event_id", models.CharField())),
    )
    delivery.objects.filter(state="sent").update(state="done")


def name_sent(apps, schema_editor):
    delivery = apps.get_model("notifications", "Delivery")
    delivery.objects.exclude(event=None).filter(state="done").update(state="sent")
    delivery.objects.exclude(state__in=["due", "sent", "failed"]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_schedules"),
        ("cart", "0002_left_behind"),
        ("orders", "0004_after_the_payment"),
        ("shop", "0003_kinds_of_goods"),
    ]
    operations = [
        migrations.RemoveConstraint("delivery", "notifications_delivery_state_known"),
        migrations.RemoveConstraint("delivery", "notifications_each_step_once"),
        migrations.AddField(
            "delivery", "cause", models.CharField("because of", max_length=60, default="")
        ),
        migrations.RunPython(name_causes, name_sent),
        migrations.AlterField(
            "delivery", "cause", models.CharField("because of", max_length=60)
        ),
        migrations.RenameField("delivery", "sent_at", "done_at"),
    ]
