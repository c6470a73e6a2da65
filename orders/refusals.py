"""How a verb about what was bought says no."""


class GrantRefusedError(Exception):
    """Nothing was done. The message says why and what to do, to whoever asked."""
