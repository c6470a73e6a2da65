
import checkout.models
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cart', '0001_initial'),
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(max_length=255, unique=True, verbose_name='event')),
                ('type', models.CharField(max_length=100, verbose_name='type')),
                ('payload', models.JSONField(verbose_name='payload')),
                ('state', models.CharField(choices=[('received', 'received'), ('applied', 'applied'), ('ignored', 'ignored'), ('failed', 'failed')], default='received', max_length=8, verbose_name='state')),
                ('tries', models.PositiveIntegerField(default=0, verbose_name='tries')),
                ('next_try_at', models.DateTimeField(auto_now_add=True, verbose_name='next try')),
                ('error', models.TextField(blank=True, verbose_name='last error')),
                ('received_at', models.DateTimeField(auto_now_add=True, verbose_name='received')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
            ],
            options={
                'verbose_name': 'webhook event',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['received', 'failed'])), fields=['next_try_at'], name='checkout_event_undone')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['received', 'applied', 'ignored', 'failed'])), name='checkout_event_state_known')],
            },
        ),
        migrations.CreateModel(
            name='PaymentAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('idempotency_key', models.CharField(default=checkout.models.new_idempotency_key, max_length=64, unique=True)),
                ('intent_id', models.CharField(max_length=255, null=True, unique=True, verbose_name='payment intent')),
                ('is_open', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('checked_at', models.DateTimeField(auto_now_add=True)),
                ('cart', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='attempts', to='cart.cart')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='attempt', to='orders.order')),
            ],
            options={
                'verbose_name': 'payment attempt',
                'indexes': [models.Index(condition=models.Q(('is_open', True)), fields=['checked_at'], name='checkout_open_by_check')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_open', True)), fields=('cart',), name='checkout_one_open_attempt_per_cart')],
            },
        ),
        migrations.CreateModel(
            name='PaymentRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('body_sha256', models.CharField(max_length=64)),
                ('answer', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('cart', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cart.cart')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('cart', 'key'), name='checkout_request_key_unique')],
            },
        ),
    ]
