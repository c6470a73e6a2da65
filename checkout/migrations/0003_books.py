
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('checkout', '0002_schedules'),
    ]

    operations = [
        migrations.CreateModel(
            name='Audit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='made')),
                ('sums', models.JSONField(verbose_name='sums')),
                ('breaks', models.JSONField(verbose_name='breaks')),
            ],
            options={
                'verbose_name': 'audit',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_from', models.DateTimeField(verbose_name='events from')),
                ('read_until', models.DateTimeField(verbose_name='events until')),
                ('events_read', models.PositiveIntegerField(default=0, verbose_name='events at Stripe')),
                ('events_missing', models.PositiveIntegerField(default=0, verbose_name='not brought by a webhook')),
                ('finished_at', models.DateTimeField(verbose_name='finished')),
            ],
            options={
                'verbose_name': 'reconciliation',
                'ordering': ['-pk'],
            },
        ),
        migrations.RemoveIndex(
            model_name='webhookevent',
            name='checkout_event_undone',
        ),
        migrations.AddField(
            model_name='webhookevent',
            name='source',
            field=models.CharField(choices=[('webhook', 'webhook'), ('list', "Stripe's list of events")], default='webhook', max_length=7, verbose_name='source'),
        ),
        migrations.AddConstraint(
            model_name='webhookevent',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['webhook', 'list'])), name='checkout_event_source_known'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(condition=models.Q(('state', 'received')), fields=['next_try_at'], name='checkout_event_undone'),
        ),
    ]
