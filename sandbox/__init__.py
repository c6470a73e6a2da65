"""A stand-in for Stripe: test payments on this machine, for development and tests only."""

API_VERSION = "2026-10-28.endive"
