
import django.db.models.deletion
import shop.models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shop', '0002_search_on_postgresql'),
    ]

    operations = [
        migrations.CreateModel(
            name='DownloadFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('file', models.FileField(storage=shop.models.private_storage, upload_to='downloads/', verbose_name='file')),
                ('position', models.PositiveIntegerField(default=0, verbose_name='position')),
            ],
            options={
                'verbose_name': 'file to download',
                'verbose_name_plural': 'files to download',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='EventDetails',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='begins')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('place', models.CharField(max_length=200, verbose_name='place')),
            ],
            options={
                'verbose_name': 'event',
            },
        ),
        migrations.CreateModel(
            name='FunnelEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('visit', 'visit'), ('cart', 'cart'), ('checkout', 'checkout'), ('attempt', 'payment tried'), ('paid', 'paid'), ('recovered', 'recovered')], max_length=9, verbose_name='step')),
                ('key', models.CharField(max_length=60)),
                ('day', models.DateField(verbose_name='day')),
                ('source', models.CharField(blank=True, max_length=80, verbose_name='source')),
                ('coupon', models.CharField(blank=True, max_length=40, verbose_name='coupon')),
            ],
            options={
                'verbose_name': 'funnel event',
            },
        ),
        migrations.CreateModel(
            name='Lesson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('text', models.TextField(verbose_name='text')),
                ('position', models.PositiveIntegerField(default=0, verbose_name='position')),
            ],
            options={
                'verbose_name': 'lesson',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='LicenceKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, verbose_name='key')),
                ('taken_by', models.CharField(blank=True, max_length=40, verbose_name='order')),
            ],
            options={
                'verbose_name': 'licence key',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='StockAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='email')),
                ('language', models.CharField(max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='asked')),
                ('planned_at', models.DateTimeField(blank=True, null=True, verbose_name='told')),
            ],
            options={
                'verbose_name': 'back-in-stock wish',
                'verbose_name_plural': 'back-in-stock wishes',
                'ordering': ['-pk'],
            },
        ),
        migrations.AddField(
            model_name='product',
            name='kind',
            field=models.CharField(choices=[('parcel', 'parcel'), ('download', 'download'), ('licence', 'licence key'), ('repository', 'access to a GitHub repository'), ('course', 'course'), ('event', 'event')], default='parcel', max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='product',
            name='repository',
            field=models.CharField(blank=True, max_length=140, verbose_name='repository'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['parcel', 'download', 'licence', 'repository', 'course', 'event'])), name='shop_product_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'repository'), _negated=True), models.Q(('repository', ''), _negated=True), _connector='OR'), name='shop_repository_is_named', violation_error_message='Name the repository: owner/name.'),
        ),
        migrations.AddField(
            model_name='downloadfile',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='downloads', to='shop.product'),
        ),
        migrations.AddField(
            model_name='eventdetails',
            name='product',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='event', to='shop.product'),
        ),
        migrations.AddIndex(
            model_name='funnelevent',
            index=models.Index(fields=['day', 'kind'], name='shop_funnel_by_day'),
        ),
        migrations.AddConstraint(
            model_name='funnelevent',
            constraint=models.UniqueConstraint(fields=('kind', 'key'), name='shop_funnel_step_once'),
        ),
        migrations.AddConstraint(
            model_name='funnelevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['visit', 'cart', 'checkout', 'attempt', 'paid', 'recovered'])), name='shop_funnel_kind_known'),
        ),
        migrations.AddField(
            model_name='lesson',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lessons', to='shop.product'),
        ),
        migrations.AddField(
            model_name='licencekey',
            name='variant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='licence_keys', to='shop.variant'),
        ),
        migrations.AddField(
            model_name='stockalert',
            name='variant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='shop.variant'),
        ),
        migrations.AddConstraint(
            model_name='eventdetails',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__lt', models.F('ends_at'))), name='shop_event_begins_before_end'),
        ),
        migrations.AddIndex(
            model_name='licencekey',
            index=models.Index(condition=models.Q(('taken_by', '')), fields=['variant', 'id'], name='shop_free_licence_keys'),
        ),
        migrations.AddConstraint(
            model_name='licencekey',
            constraint=models.UniqueConstraint(fields=('variant', 'key'), name='shop_licence_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='stockalert',
            constraint=models.UniqueConstraint(condition=models.Q(('planned_at', None)), fields=('variant', 'email'), name='shop_one_open_alert_per_email'),
        ),
    ]
