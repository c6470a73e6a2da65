from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cart", "0002_left_behind")]
    operations = [
        migrations.AddField(
            model_name="leftbehind",
            name="holds",
            field=models.PositiveSmallIntegerField(default=0),
        )
    ]
