PYTHON ?= python3
BIN := .venv/bin
PINS := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make pins"

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test storm lint run pins screenshot diagram pictures

help: ## Say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' \
		| awk -F'\t' '{ printf "make %-12s %s\n", $$1, $$2 }'

demo: .venv/demo.stamp ## Run the shop with sample goods and test payments on this machine (PORT, STRIPE_PORT)
	@$(BIN)/python -m sandbox.demo

demo-reset: ## Forget everything that the demo has stored
	@rm -rf var/demo
	@echo "The demo is forgotten; make demo starts a new one."

test: .venv/dev.stamp ## Run all tests on PostgreSQL and Redis, and what depends on the database on SQLite
	@$(BIN)/python -m tests.run

storm: .venv/dev.stamp ## Buy and refund for ten minutes while parts fail and are killed, then audit (ARGS="--seconds 60")
	@$(BIN)/python -m tests.storm $(ARGS)

lint: .venv/dev.stamp ## Check style, types, imports, templates and missing migrations
	@$(BIN)/pytest -q -p no:cacheprovider tests/architecture tests/js

run: .venv/demo.stamp ## Run web server and worker with the settings of .env (your own Stripe test keys)
	@test -f .env || { echo "There is no .env: copy .env.example to .env and fill it in."; exit 1; }
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py createcachetable --verbosity 0
	@$(BIN)/python manage.py collectstatic --no-input --verbosity 0
	@# honcho reads .env by rules of its own, so it gets none: each program reads it by the shop's.
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/honcho --env /dev/null start --port "$$($(BIN)/python -c \
		'import environ as e; e.Env.read_env(".env"); print(e.Env()("PORT", default="") or 8000)')" \
		|| test $$? -eq 130

pins: .venv/dev.stamp ## Pin the dependencies of pyproject.toml anew, with hashes
	@$(BIN)/$(PINS) pyproject.toml -o requirements/base.txt
	@$(BIN)/$(PINS) --extra demo pyproject.toml -o requirements/demo.txt
	@$(BIN)/$(PINS) --extra dev pyproject.toml -o requirements/dev.txt

screenshot: .venv/dev.stamp ## Take the pictures in docs/ of a demo that runs (PORT)
	@$(BIN)/python -m tests.screenshot

diagram: .venv/dev.stamp ## Draw the states of an order in docs/payments.md anew
	@$(BIN)/python -m tests.diagram

pictures: .venv/dev.stamp ## Draw the pictures of the sample goods anew
	@$(BIN)/python -m shop.sample.draw

.venv/%.stamp: requirements/%.txt | .venv/bin/pip
	@echo "Installing what requirements/$*.txt lists…"
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Cartwright needs Python 3.11 or newer: install one and type make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -m venv .venv
