"""How gunicorn serves the shop, in `make demo`, `make run` and the container alike."""

import os
from pathlib import Path

import environ
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

environ.Env.read_env(Path(__file__).with_name(".env"))

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

NOT_TOLD = ("/static/", "/media/", "/healthz", "/readyz")


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Keep files and probes out of the log: they would drown what shoppers do."""
    worker.log.access_log.addFilter(lambda record: not record.args["U"].startswith(NOT_TOLD))
