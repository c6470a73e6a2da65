from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0004_funnel_index")]
    operations = [
        migrations.CreateModel(
            name="Doorbell",
            fields=[
                ("task", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("rung_at", models.DateTimeField()),
            ],
            options={"verbose_name": "doorbell"},
        ),
    ]
