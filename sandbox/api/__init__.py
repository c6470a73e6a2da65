"""The stand-in's API calls: one file per kind of Stripe object, each with its own ROUTES."""
