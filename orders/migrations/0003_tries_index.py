
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0002_refunds_and_disputes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='orderevent',
            index=models.Index(condition=models.Q(('kind__in', ['declined', 'paid'])), fields=['created_at', 'kind'], name='orders_event_tries'),
        ),
    ]
