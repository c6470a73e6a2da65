FROM python:3.13-slim AS shop

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1

RUN useradd --system --uid 10001 --create-home shop
WORKDIR /srv/shop

COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes -r requirements/base.txt

COPY . .
# The static files don't depend on these settings; real ones come with the container's environment.
RUN SECRET_KEY=build BASE_URL=http://localhost DATABASE_URL=sqlite:////tmp/build.sqlite3 \
        python manage.py collectstatic --no-input --verbosity 0 \
    && mkdir -p var/media var/private && chown -R shop var

USER shop
# What staff upload: pictures, and files that only their buyers may fetch.
VOLUME ["/srv/shop/var/media", "/srv/shop/var/private"]

# The worker: docker build --target worker. Unhealthy while tasks wait and none gets done.
FROM shop AS worker
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s CMD ["python", "manage.py", "worker", "--check"]
CMD ["python", "manage.py", "worker"]

# The web server, and what is built when no target is named. Its health is its own: /readyz also
# tells of the worker, and a web server that is started again helps no worker.
FROM shop AS web
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
# Asked by the shop's own host name: the shop refuses to answer to any other.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD python -c "\
import os, urllib.parse as p, urllib.request as r; \
r.urlopen(r.Request('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', \
headers={'Host': p.urlsplit(os.environ['BASE_URL']).hostname}), timeout=4)"
CMD ["gunicorn", "config.wsgi"]
