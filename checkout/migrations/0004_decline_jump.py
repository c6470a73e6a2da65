
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('checkout', '0003_books'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeclineJump',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(auto_now_add=True, verbose_name='began')),
                ('lasts_until', models.DateTimeField(verbose_name='lasts until')),
                ('declined', models.PositiveIntegerField(verbose_name='declined')),
                ('tries', models.PositiveIntegerField(verbose_name='tries to pay')),
                ('told_at', models.DateTimeField(blank=True, null=True, verbose_name='staff told')),
            ],
            options={
                'verbose_name': 'jump of declines',
                'ordering': ['-pk'],
            },
        ),
    ]
