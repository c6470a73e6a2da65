
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(max_length=40, verbose_name='message')),
                ('recipient', models.EmailField(max_length=254, verbose_name='to')),
                ('state', models.CharField(choices=[('due', 'due'), ('sent', 'sent'), ('failed', 'given up')], default='due', max_length=6, verbose_name='state')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('tries', models.PositiveIntegerField(default=0, verbose_name='tries')),
                ('error', models.TextField(blank=True, verbose_name='last error')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='orders.orderevent')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'due')), fields=['due_at'], name='notifications_delivery_due')],
                'constraints': [models.UniqueConstraint(fields=('event', 'step', 'recipient'), name='notifications_each_step_once'), models.CheckConstraint(condition=models.Q(('state__in', ['due', 'sent', 'failed'])), name='notifications_delivery_state_known')],
            },
        ),
    ]
