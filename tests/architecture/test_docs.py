"""What the papers say of the code is so."""

from checkout.inbox import TYPES
from tests.diagram import PAGE, diagram, drawn_in

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_diagram_of_states_is_the_table_of_moves() -> None:
    assert drawn_in(TEXT) == diagram(), "draw it anew: make diagram"


def test_every_event_that_has_an_effect_is_described() -> None:
    assert {name for name in TYPES if f"`{name}`" not in TEXT} == set()
