
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='stockmovement',
            name='inventory_movement_reason_known',
        ),
        migrations.AlterField(
            model_name='stockmovement',
            name='reason',
            field=models.CharField(choices=[('received', 'received'), ('sold', 'sold'), ('counted', 'counted'), ('damaged', 'damaged or lost'), ('returned', 'returned')], max_length=9, verbose_name='reason'),
        ),
        migrations.AddConstraint(
            model_name='stockmovement',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['received', 'sold', 'counted', 'damaged', 'returned'])), name='inventory_movement_reason_known'),
        ),
        migrations.AddConstraint(
            model_name='stockmovement',
            constraint=models.UniqueConstraint(condition=models.Q(('reason', 'returned')), fields=('item', 'reference'), name='inventory_one_return_per_reference'),
        ),
    ]
