"""How gunicorn serves the shop, in `make demo`, `make run` and the container alike."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
graceful_timeout = 5
control_socket_disable = True

loglevel = "warning"
accesslog = "-"
# The path without its query: the key of an order stays out of the log.
access_log_format = "%(m)s %(U)s %(s)s %(M)s ms"
