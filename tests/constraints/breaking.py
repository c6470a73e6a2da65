"""Functions that each break one rule of the database; the last step of each is the one refused."""

from collections.abc import Callable

Breaker = Callable[[], object]


class Breakers(dict[str, Breaker]):
    """Breakers by the name of the constraint that they break, which is their own."""

    def add(self, function: Breaker) -> Breaker:
        """Decorate a breaker."""
        self[function.__name__] = function
        return function
