
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cart', '0002_left_behind'),
        ('notifications', '0003_steps'),
        ('orders', '0004_after_the_payment'),
        ('shop', '0003_kinds_of_goods'),
    ]

    operations = [
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='email')),
                ('reason', models.CharField(choices=[('unsubscribed', 'unsubscribed: only about purchases'), ('bounced', 'bounced: nothing any more'), ('complained', 'complained: nothing any more')], max_length=12, verbose_name='why')),
                ('noted_at', models.DateTimeField(auto_now_add=True, verbose_name='since')),
            ],
            options={
                'verbose_name': 'suppressed address',
                'verbose_name_plural': 'suppressed addresses',
                'ordering': ['-pk'],
            },
        ),
        migrations.AlterModelOptions(
            name='delivery',
            options={'ordering': ['-pk'], 'verbose_name': 'step', 'verbose_name_plural': 'steps'},
        ),
        migrations.AddField(
            model_name='delivery',
            name='after',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='followers', to='notifications.delivery'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='alert',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='shop.stockalert'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='drills',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='delivery',
            name='grant',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='orders.grant'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='left',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='cart.leftbehind'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='result',
            field=models.CharField(blank=True, max_length=200, verbose_name='result'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='done_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='done'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='event',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='orders.orderevent'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='recipient',
            field=models.CharField(max_length=254, verbose_name='for'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='state',
            field=models.CharField(choices=[('due', 'waits'), ('done', 'done'), ('canceled', 'canceled'), ('failed', 'given up')], default='due', max_length=8, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='step',
            field=models.CharField(max_length=40, verbose_name='step'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['recipient', 'step'], name='notifications_by_recipient'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('cause', 'step', 'recipient'), name='notifications_each_step_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['due', 'done', 'canceled', 'failed'])), name='notifications_delivery_state_known'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['unsubscribed', 'bounced', 'complained'])), name='notifications_suppression_reason_known'),
        ),
    ]
