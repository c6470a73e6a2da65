
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='StockItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sku', models.CharField(max_length=64, unique=True, verbose_name='SKU')),
                ('on_hand', models.IntegerField(default=0, verbose_name='on hand')),
                ('held', models.IntegerField(default=0, verbose_name='held')),
            ],
            options={
                'verbose_name': 'stock item',
                'constraints': [models.CheckConstraint(condition=models.Q(('held__gte', 0)), name='inventory_held_not_negative'), models.CheckConstraint(condition=models.Q(('held__lte', models.F('on_hand'))), name='inventory_held_at_most_on_hand')],
            },
        ),
        migrations.CreateModel(
            name='Reservation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(db_index=True, max_length=40, verbose_name='reference')),
                ('holder', models.CharField(max_length=40, verbose_name='holder')),
                ('quantity', models.PositiveIntegerField(verbose_name='quantity')),
                ('state', models.CharField(choices=[('held', 'held'), ('confirmed', 'confirmed'), ('released', 'released')], default='held', max_length=9, verbose_name='state')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('settled_at', models.DateTimeField(blank=True, null=True, verbose_name='settled')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='inventory.stockitem')),
            ],
            options={
                'verbose_name': 'reservation',
                'indexes': [models.Index(condition=models.Q(('state', 'held')), fields=['holder'], name='inventory_open_holds_by_holder')],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='inventory_hold_not_empty'), models.CheckConstraint(condition=models.Q(('state__in', ['held', 'confirmed', 'released'])), name='inventory_hold_state_known'), models.UniqueConstraint(condition=models.Q(('state', 'released'), _negated=True), fields=('item', 'reference'), name='inventory_one_live_hold_per_reference')],
            },
        ),
        migrations.CreateModel(
            name='StockMovement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.IntegerField(verbose_name='change')),
                ('reason', models.CharField(choices=[('received', 'received'), ('sold', 'sold'), ('counted', 'counted'), ('damaged', 'damaged or lost')], max_length=9, verbose_name='reason')),
                ('reference', models.CharField(blank=True, max_length=40, verbose_name='reference')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('actor', models.CharField(max_length=254, verbose_name='by')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='at')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='inventory.stockitem')),
            ],
            options={
                'verbose_name': 'stock movement',
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity', 0), _negated=True), name='inventory_movement_not_zero'), models.CheckConstraint(condition=models.Q(('reason__in', ['received', 'sold', 'counted', 'damaged'])), name='inventory_movement_reason_known'), models.UniqueConstraint(condition=models.Q(('reason', 'sold')), fields=('item', 'reference'), name='inventory_one_sale_per_reference')],
            },
        ),
    ]
