
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django_countries.fields
import orders.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('shop', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(default=orders.models.new_number, max_length=9, unique=True, verbose_name='number')),
                ('access_key', models.CharField(default=orders.models.new_access_key, editable=False, max_length=24)),
                ('state', models.CharField(choices=[('pending', 'waiting for payment'), ('paid', 'paid'), ('fulfilling', 'being packed'), ('fulfilled', 'sent'), ('canceled', 'canceled'), ('failed', 'payment failed'), ('refunded', 'refunded')], default='pending', max_length=10, verbose_name='state')),
                ('email', models.EmailField(max_length=254, verbose_name='email')),
                ('shipping_address', models.JSONField(verbose_name='delivery address')),
                ('billing_address', models.JSONField(blank=True, default=dict, verbose_name='billing address')),
                ('delivery_from', models.DateField(verbose_name='delivery from')),
                ('delivery_until', models.DateField(verbose_name='delivery until')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('country', django_countries.fields.CountryField(max_length=2, verbose_name='country')),
                ('coupon_code', models.CharField(blank=True, max_length=40, verbose_name='coupon')),
                ('tax_percent', models.DecimalField(decimal_places=3, max_digits=6, verbose_name='tax percent')),
                ('subtotal_minor', models.PositiveBigIntegerField(verbose_name='lines')),
                ('discount_minor', models.PositiveBigIntegerField(verbose_name='discount')),
                ('shipping_minor', models.PositiveBigIntegerField(verbose_name='shipping')),
                ('shipping_tax_minor', models.PositiveBigIntegerField(verbose_name='tax on shipping')),
                ('tax_minor', models.PositiveBigIntegerField(verbose_name='tax')),
                ('total_minor', models.PositiveBigIntegerField(verbose_name='total')),
                ('placed_at', models.DateTimeField(auto_now_add=True, verbose_name='placed')),
                ('held_until', models.DateTimeField(verbose_name='held until')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='orders', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'order',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='OrderEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('placed', 'Order placed, stock held'), ('attempt', 'Payment started'), ('declined', 'Payment declined'), ('processing', 'Payment under way at the bank'), ('hold_extended', 'Hold extended'), ('paid', 'Paid'), ('payment_mismatch', 'Paid amount differs from the order'), ('payment_late', 'Money came after the order was closed'), ('fulfilling', 'Packing begun'), ('fulfilled', 'Sent'), ('canceled', 'Canceled, hold released'), ('failed', 'Payment failed, hold released')], max_length=20, verbose_name='what')),
                ('actor', models.CharField(choices=[('shopper', 'shopper'), ('staff', 'staff'), ('stripe', 'Stripe'), ('schedule', 'schedule')], max_length=8, verbose_name='by')),
                ('amount_minor', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='amount')),
                ('data', models.JSONField(blank=True, default=dict, verbose_name='details')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='at')),
                ('planned_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='orders.order')),
                ('staff', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'order event',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sku', models.CharField(max_length=64, verbose_name='SKU')),
                ('title', models.CharField(max_length=120, verbose_name='product')),
                ('options', models.CharField(blank=True, max_length=200, verbose_name='options')),
                ('quantity', models.PositiveIntegerField(verbose_name='quantity')),
                ('unit_price_minor', models.PositiveBigIntegerField(verbose_name='price')),
                ('discount_minor', models.PositiveBigIntegerField(verbose_name='discount')),
                ('tax_minor', models.PositiveBigIntegerField(verbose_name='tax')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='orders.order')),
                ('variant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='shop.variant')),
            ],
            options={
                'verbose_name': 'order line',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('intent_id', models.CharField(max_length=255, unique=True, verbose_name='payment intent')),
                ('amount_minor', models.PositiveBigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('outcome', models.CharField(choices=[('accepted', 'accepted'), ('mismatch', 'amount or currency differs: refund or correct'), ('late', 'order was closed and the goods are gone: refund')], max_length=8, verbose_name='outcome')),
                ('received_at', models.DateTimeField(auto_now_add=True, verbose_name='received')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='orders.order')),
            ],
            options={
                'verbose_name': 'payment',
            },
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['held_until'], name='orders_pending_by_hold'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(django.db.models.functions.text.Lower('email'), models.OrderBy(models.F('id'), descending=True), name='orders_by_email'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('total_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('subtotal_minor'), '-', models.F('discount_minor')), '+', models.F('shipping_minor')), '+', models.F('tax_minor')))), name='orders_total_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('discount_minor__lte', models.F('subtotal_minor'))), name='orders_discount_at_most_lines'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('shipping_tax_minor__lte', models.F('tax_minor'))), name='orders_shipping_tax_within_tax'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'paid', 'fulfilling', 'fulfilled', 'canceled', 'failed', 'refunded'])), name='orders_state_known'),
        ),
        migrations.AddIndex(
            model_name='orderevent',
            index=models.Index(condition=models.Q(('planned_at', None)), fields=['id'], name='orders_event_unplanned'),
        ),
        migrations.AddConstraint(
            model_name='orderevent',
            constraint=models.CheckConstraint(condition=models.Q(('actor__in', ['shopper', 'staff', 'stripe', 'schedule'])), name='orders_event_actor_known'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='orders_line_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('discount_minor__lte', django.db.models.expressions.CombinedExpression(models.F('unit_price_minor'), '*', models.F('quantity')))), name='orders_line_discount_at_most_price'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', 'accepted')), fields=('order',), name='orders_one_accepted_payment'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['accepted', 'mismatch', 'late'])), name='orders_payment_outcome_known'),
        ),
    ]
