
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import orders.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0001_initial'),
        ('shop', '0002_search_on_postgresql'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=255, unique=True, verbose_name='dispute at Stripe')),
                ('status', models.CharField(choices=[('warning_needs_response', 'inquiry: needs an answer'), ('warning_under_review', 'inquiry: under review'), ('warning_closed', 'inquiry closed'), ('needs_response', 'needs an answer'), ('under_review', 'under review'), ('won', 'won'), ('lost', 'lost'), ('prevented', 'prevented')], max_length=22, verbose_name='status')),
                ('reason', models.CharField(max_length=60, verbose_name='reason')),
                ('amount_minor', models.PositiveBigIntegerField(verbose_name='amount')),
                ('withdrawn_minor', models.PositiveBigIntegerField(default=0, verbose_name='withdrawn')),
                ('evidence_due_at', models.DateTimeField(blank=True, null=True, verbose_name='evidence due')),
                ('opened_at', models.DateTimeField(verbose_name='opened')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
            ],
            options={
                'verbose_name': 'dispute',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('requested', 'requested'), ('sent', 'sent'), ('succeeded', 'succeeded'), ('failed', 'failed')], default='requested', max_length=9, verbose_name='state')),
                ('reason', models.CharField(choices=[('returned', 'goods returned'), ('canceled', 'order canceled'), ('goodwill', 'goodwill'), ('duplicate', 'paid twice'), ('fraudulent', 'fraudulent'), ('late', 'money came too late'), ('at_stripe', "made in Stripe's dashboard")], max_length=10, verbose_name='reason')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('amount_minor', models.PositiveBigIntegerField(verbose_name='amount')),
                ('shipping_minor', models.PositiveBigIntegerField(default=0, verbose_name='shipping')),
                ('other_minor', models.PositiveBigIntegerField(default=0, verbose_name='other')),
                ('idempotency_key', models.CharField(default=orders.models.new_refund_key, max_length=64, unique=True)),
                ('stripe_id', models.CharField(blank=True, max_length=255, null=True, unique=True, verbose_name='refund at Stripe')),
                ('error', models.TextField(blank=True, verbose_name='why it failed')),
                ('tries', models.PositiveIntegerField(default=0, verbose_name='tries')),
                ('next_try_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next try')),
                ('requested_at', models.DateTimeField(auto_now_add=True, verbose_name='requested')),
                ('succeeded_at', models.DateTimeField(blank=True, null=True, verbose_name='succeeded')),
            ],
            options={
                'verbose_name': 'refund',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='RefundLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField(verbose_name='quantity')),
                ('amount_minor', models.PositiveBigIntegerField(verbose_name='amount')),
                ('restock', models.BooleanField(verbose_name='restock')),
            ],
            options={
                'verbose_name': 'refund line',
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='order',
            name='placed_from',
            field=models.GenericIPAddressField(blank=True, null=True, verbose_name='placed from'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='refunded_quantity',
            field=models.PositiveIntegerField(default=0, verbose_name='refunded'),
        ),
        migrations.AddField(
            model_name='payment',
            name='refunded_minor',
            field=models.PositiveBigIntegerField(default=0, verbose_name='refunded'),
        ),
        migrations.AlterField(
            model_name='orderevent',
            name='kind',
            field=models.CharField(choices=[('placed', 'Order placed, stock held'), ('attempt', 'Payment started'), ('declined', 'Payment declined'), ('processing', 'Payment under way at the bank'), ('hold_extended', 'Hold extended'), ('paid', 'Paid'), ('payment_mismatch', 'Paid amount differs from the order'), ('payment_late', 'Money came after the order was closed'), ('fulfilling', 'Packing begun'), ('fulfilled', 'Sent'), ('canceled', 'Canceled, hold released'), ('failed', 'Payment failed, hold released'), ('cancel_requested', 'Cancellation asked for'), ('refund_requested', 'Refund requested'), ('refund_sent', 'Refund sent to Stripe'), ('refund_succeeded', 'Money returned'), ('refund_failed', 'Refund failed'), ('refunded', 'Refunded in full'), ('dispute_opened', 'Dispute opened'), ('dispute_updated', 'Dispute changed'), ('dispute_withdrawn', 'Funds withdrawn for a dispute'), ('dispute_reinstated', 'Funds of a dispute reinstated'), ('dispute_won', 'Dispute won'), ('dispute_lost', 'Dispute lost'), ('message_sent', 'Message sent')], max_length=20, verbose_name='what'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['placed_from'], name='orders_pending_by_address'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('refunded_quantity__lte', models.F('quantity'))), name='orders_line_refunded_at_most_bought'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('refunded_minor__lte', models.F('amount_minor'))), name='orders_refunded_at_most_captured'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='orders.payment'),
        ),
        migrations.AddField(
            model_name='refund',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.payment'),
        ),
        migrations.AddField(
            model_name='refund',
            name='repeats',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='repeated_by', to='orders.refund'),
        ),
        migrations.AddField(
            model_name='refund',
            name='staff',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refundline',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refund_lines', to='orders.orderline'),
        ),
        migrations.AddField(
            model_name='refundline',
            name='refund',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='orders.refund'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['warning_needs_response', 'warning_under_review', 'warning_closed', 'needs_response', 'under_review', 'won', 'lost', 'prevented'])), name='orders_dispute_status_known'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('state__in', ['requested', 'sent'])), fields=['next_try_at'], name='orders_refund_undone'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'sent', 'succeeded', 'failed'])), name='orders_refund_state_known'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='orders_refund_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gte', django.db.models.expressions.CombinedExpression(models.F('shipping_minor'), '+', models.F('other_minor')))), name='orders_refund_parts_within_amount'),
        ),
        migrations.AddConstraint(
            model_name='refundline',
            constraint=models.UniqueConstraint(fields=('refund', 'line'), name='orders_refund_line_once_per_refund'),
        ),
        migrations.AddConstraint(
            model_name='refundline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='orders_refund_line_not_empty'),
        ),
    ]
