
import django.db.models.deletion
import orders.models.fulfilment
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0003_tries_index'),
        ('shop', '0003_kinds_of_goods'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Booking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seat', models.PositiveIntegerField(verbose_name='seat')),
                ('attendee', models.CharField(max_length=120, verbose_name='attendee')),
                ('code', models.CharField(default=orders.models.fulfilment.new_ticket_code, max_length=24, unique=True, verbose_name='ticket')),
                ('admitted_at', models.DateTimeField(blank=True, null=True, verbose_name='admitted')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
            ],
            options={
                'verbose_name': 'booking',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='DownloadCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('count', models.PositiveIntegerField(default=0, verbose_name='downloads')),
                ('last_at', models.DateTimeField(auto_now=True, verbose_name='last')),
            ],
            options={
                'verbose_name': 'downloads',
            },
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('due', 'not yet granted'), ('granted', 'granted'), ('revoked', 'revoked')], default='due', max_length=7, verbose_name='state')),
                ('handle', models.CharField(blank=True, max_length=100, verbose_name='user name')),
                ('granted_at', models.DateTimeField(blank=True, null=True, verbose_name='granted')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
            ],
            options={
                'verbose_name': 'grant',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='LicenceGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, unique=True, verbose_name='licence key')),
                ('shown_at', models.DateTimeField(blank=True, null=True, verbose_name='first shown')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
            ],
            options={
                'verbose_name': 'licence',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True, verbose_name='number')),
                ('issued_at', models.DateTimeField(auto_now_add=True, verbose_name='issued')),
            ],
            options={
                'verbose_name': 'receipt',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='ReceiptCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Shipment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('carrier', models.CharField(blank=True, max_length=60, verbose_name='carrier')),
                ('tracking_number', models.CharField(blank=True, max_length=80, verbose_name='tracking number')),
                ('tracking_url', models.URLField(blank=True, verbose_name='tracking page')),
                ('shipped_at', models.DateTimeField(auto_now_add=True, verbose_name='sent')),
            ],
            options={
                'verbose_name': 'shipment',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ShipmentLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField(verbose_name='quantity')),
            ],
            options={
                'verbose_name': 'shipment line',
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='order',
            name='language',
            field=models.CharField(default='en', max_length=10, verbose_name='language'),
        ),
        migrations.AddField(
            model_name='order',
            name='source',
            field=models.CharField(blank=True, max_length=80, verbose_name='source'),
        ),
        migrations.AddField(
            model_name='order',
            name='whatsapp',
            field=models.CharField(blank=True, max_length=20, verbose_name='WhatsApp'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='kind',
            field=models.CharField(choices=[('parcel', 'parcel'), ('download', 'download'), ('licence', 'licence key'), ('repository', 'access to a GitHub repository'), ('course', 'course'), ('event', 'event')], default='parcel', max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='shipped_quantity',
            field=models.PositiveIntegerField(default=0, verbose_name='sent'),
        ),
        migrations.AlterField(
            model_name='order',
            name='delivery_from',
            field=models.DateField(blank=True, null=True, verbose_name='delivery from'),
        ),
        migrations.AlterField(
            model_name='order',
            name='delivery_until',
            field=models.DateField(blank=True, null=True, verbose_name='delivery until'),
        ),
        migrations.AlterField(
            model_name='orderevent',
            name='kind',
            field=models.CharField(choices=[('placed', 'Order placed, stock held'), ('attempt', 'Payment started'), ('declined', 'Payment declined'), ('processing', 'Payment under way at the bank'), ('hold_extended', 'Hold extended'), ('paid', 'Paid'), ('payment_mismatch', 'Paid amount differs from the order'), ('payment_late', 'Money came after the order was closed'), ('fulfilling', 'Packing begun'), ('fulfilled', 'Sent'), ('canceled', 'Canceled, hold released'), ('failed', 'Payment failed, hold released'), ('cancel_requested', 'Cancellation asked for'), ('refund_requested', 'Refund requested'), ('refund_sent', 'Refund sent to Stripe'), ('refund_succeeded', 'Money returned'), ('refund_failed', 'Refund failed'), ('refunded', 'Refunded in full'), ('dispute_opened', 'Dispute opened'), ('dispute_updated', 'Dispute changed'), ('dispute_withdrawn', 'Funds withdrawn for a dispute'), ('dispute_reinstated', 'Funds of a dispute reinstated'), ('dispute_won', 'Dispute won'), ('dispute_lost', 'Dispute lost'), ('message_sent', 'Message sent'), ('shipped', 'Parcel sent'), ('handle_given', 'User name for access given'), ('granted', 'Granted'), ('regrant_asked', 'Grant asked for by staff'), ('revoke_asked', 'Revocation asked for by staff'), ('revoked', 'Revoked'), ('resend_asked', 'Message asked for again'), ('admitted', 'Ticket admitted'), ('whatsapp_on', 'News by WhatsApp asked for'), ('receipt_issued', 'Receipt issued')], max_length=20, verbose_name='what'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('shipped_quantity__lte', models.F('quantity'))), name='orders_line_shipped_at_most_bought'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['parcel', 'download', 'licence', 'repository', 'course', 'event'])), name='orders_line_kind_known'),
        ),
        migrations.AddField(
            model_name='booking',
            name='admitted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='downloadcount',
            name='file',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.downloadfile'),
        ),
        migrations.AddField(
            model_name='grant',
            name='line',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='grant', to='orders.orderline'),
        ),
        migrations.AddField(
            model_name='downloadcount',
            name='grant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='downloads', to='orders.grant'),
        ),
        migrations.AddField(
            model_name='booking',
            name='grant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='orders.grant'),
        ),
        migrations.AddField(
            model_name='licencegrant',
            name='grant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='licences', to='orders.grant'),
        ),
        migrations.AddField(
            model_name='receipt',
            name='order',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='receipt', to='orders.order'),
        ),
        migrations.AddConstraint(
            model_name='receiptcounter',
            constraint=models.CheckConstraint(condition=models.Q(('pk', 1)), name='orders_one_receipt_counter'),
        ),
        migrations.AddField(
            model_name='shipment',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shipments', to='orders.order'),
        ),
        migrations.AddField(
            model_name='shipment',
            name='staff',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='shipmentline',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shipment_lines', to='orders.orderline'),
        ),
        migrations.AddField(
            model_name='shipmentline',
            name='shipment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='orders.shipment'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['due', 'granted', 'revoked'])), name='orders_grant_state_known'),
        ),
        migrations.AddConstraint(
            model_name='downloadcount',
            constraint=models.UniqueConstraint(fields=('grant', 'file'), name='orders_one_count_per_granted_file'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.UniqueConstraint(fields=('grant', 'seat'), name='orders_seat_once_per_grant'),
        ),
        migrations.AddConstraint(
            model_name='shipmentline',
            constraint=models.UniqueConstraint(fields=('shipment', 'line'), name='orders_shipment_line_once_per_parcel'),
        ),
        migrations.AddConstraint(
            model_name='shipmentline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='orders_shipment_line_not_empty'),
        ),
    ]
