
import cart.models
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django_countries.fields
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
            name='Coupon',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, verbose_name='code')),
                ('kind', models.CharField(choices=[('percentage', 'percentage'), ('fixed', 'fixed amount')], max_length=10, verbose_name='kind')),
                ('percent', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='percent')),
                ('amount_minor', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='amount')),
                ('currency', models.CharField(blank=True, max_length=3, verbose_name='currency')),
                ('starts_at', models.DateTimeField(blank=True, null=True, verbose_name='valid from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='valid until')),
                ('max_uses', models.PositiveIntegerField(blank=True, null=True, verbose_name='uses at most')),
                ('uses', models.PositiveIntegerField(default=0, editable=False, verbose_name='uses')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'verbose_name': 'coupon',
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Upper('code'), name='cart_coupon_code_unique', violation_error_message='There is already a coupon with this code.'), models.CheckConstraint(condition=models.Q(('uses__gte', 0), models.Q(('max_uses', None), ('uses__lte', models.F('max_uses')), _connector='OR')), name='cart_coupon_uses_within_limit', violation_error_message='The coupon has been used more often than that.'), models.CheckConstraint(condition=models.Q(models.Q(('amount_minor', None), ('currency', ''), ('kind', 'percentage'), ('percent__gt', 0), ('percent__isnull', False), ('percent__lte', 100)), models.Q(('amount_minor__gt', 0), ('amount_minor__isnull', False), ('kind', 'fixed'), ('percent', None), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='cart_coupon_percent_or_amount', violation_error_message='Give a percentage (above 0, at most 100), or an amount with its currency.')],
            },
        ),
        migrations.CreateModel(
            name='Cart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(default=cart.models.new_token, max_length=40, unique=True)),
                ('currency', models.CharField(max_length=3)),
                ('country', django_countries.fields.CountryField(max_length=2)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(db_index=True, default=cart.models.keep_until)),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='cart.cart')),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='cart', to=settings.AUTH_USER_MODEL)),
                ('coupon', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='cart.coupon')),
            ],
            options={
                'verbose_name': 'cart',
            },
        ),
        migrations.CreateModel(
            name='CartLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99)])),
                ('seen_price_minor', models.PositiveBigIntegerField(null=True)),
                ('seen_currency', models.CharField(blank=True, max_length=3)),
                ('cart', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='cart.cart')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.variant')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('cart', 'variant'), name='cart_one_line_per_variant'), models.CheckConstraint(condition=models.Q(('quantity__gte', 1), ('quantity__lte', 99)), name='cart_line_quantity_1_to_99')],
            },
        ),
        migrations.CreateModel(
            name='CouponRedemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(db_index=True, max_length=40, verbose_name='order')),
                ('holder', models.CharField(max_length=40, verbose_name='cart')),
                ('state', models.CharField(choices=[('held', 'held'), ('confirmed', 'confirmed'), ('released', 'released')], default='held', max_length=9, verbose_name='state')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('coupon', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='cart.coupon')),
            ],
            options={
                'verbose_name': 'coupon use',
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'released'), _negated=True), fields=('reference',), name='cart_one_coupon_per_order'), models.CheckConstraint(condition=models.Q(('state__in', ['held', 'confirmed', 'released'])), name='cart_redemption_state_known')],
            },
        ),
    ]
