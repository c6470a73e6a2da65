
import cart.models
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cart', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LeftBehind',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('cart', 'cart left'), ('checkout', 'left at checkout'), ('payment', 'payment failed')], max_length=8, verbose_name='where')),
                ('mark', models.CharField(max_length=40, verbose_name='order or time')),
                ('email', models.EmailField(max_length=254, verbose_name='email')),
                ('language', models.CharField(max_length=10)),
                ('currency', models.CharField(max_length=3)),
                ('value_minor', models.PositiveBigIntegerField(verbose_name='value')),
                ('items', models.JSONField(verbose_name='items')),
                ('coupon_code', models.CharField(blank=True, max_length=40, verbose_name='coupon')),
                ('token', models.CharField(default=cart.models.new_token, max_length=40, unique=True)),
                ('left_at', models.DateTimeField(verbose_name='left')),
                ('is_held_out', models.BooleanField(default=False, verbose_name='held out')),
                ('recovered_at', models.DateTimeField(blank=True, null=True, verbose_name='bought after all')),
                ('recovered_by', models.CharField(blank=True, max_length=40, verbose_name='order')),
                ('recovered_minor', models.PositiveBigIntegerField(default=0, verbose_name='paid')),
                ('planned_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name': 'unfinished purchase',
                'verbose_name_plural': 'unfinished purchases',
                'ordering': ['-pk'],
            },
        ),
        migrations.AddField(
            model_name='cart',
            name='changed_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='cart',
            name='checkout_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='cart',
            name='email',
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name='cart',
            name='language',
            field=models.CharField(default='en', max_length=10),
        ),
        migrations.AddField(
            model_name='cart',
            name='source',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddIndex(
            model_name='cart',
            index=models.Index(fields=['changed_at'], name='cart_by_change'),
        ),
        migrations.AddIndex(
            model_name='cart',
            index=models.Index(condition=models.Q(('checkout_at__isnull', False)), fields=['checkout_at'], name='cart_by_checkout'),
        ),
        migrations.AddField(
            model_name='leftbehind',
            name='cart',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='left_behind', to='cart.cart'),
        ),
        migrations.AddIndex(
            model_name='leftbehind',
            index=models.Index(condition=models.Q(('planned_at', None)), fields=['id'], name='cart_left_behind_unplanned'),
        ),
        migrations.AddIndex(
            model_name='leftbehind',
            index=models.Index(condition=models.Q(('recovered_at', None)), fields=['email'], name='cart_left_behind_open'),
        ),
        migrations.AddConstraint(
            model_name='leftbehind',
            constraint=models.UniqueConstraint(fields=('cart', 'kind', 'mark'), name='cart_left_behind_noted_once'),
        ),
        migrations.AddConstraint(
            model_name='leftbehind',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['cart', 'checkout', 'payment'])), name='cart_left_behind_kind_known'),
        ),
    ]
