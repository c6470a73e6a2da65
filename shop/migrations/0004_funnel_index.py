from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_kinds_of_goods")]
    operations = [
        migrations.RemoveIndex(model_name="funnelevent", name="shop_funnel_by_day"),
        migrations.AddIndex(
            model_name="funnelevent",
            index=models.Index(fields=["day", "kind", "source"], name="shop_funnel_by_day"),
        ),
    ]
