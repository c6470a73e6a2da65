"""The WSGI application. It refuses to start on settings that would lose money."""

import os

from django.core.wsgi import get_wsgi_application

from config.checks import refuse_to_start_when_misconfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
refuse_to_start_when_misconfigured()
