"""Whatever happens in whatever order: the books close at every step, and with Stripe at last.

PROOF_WORLDS=500 tries as many worlds, other ones each time; without it a few, always the same.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.machine import World
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.storm]

WORLDS = os.environ.get("PROOF_WORLDS")


def test_the_books_close_whatever_happens(standin: StandIn) -> None:
    World.standin = standin
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=int(WORLDS or 8),
            derandomize=WORLDS is None,
            database=None,
            # To find a shorter way to the same failure takes longer than all the rest.
            phases=tuple(Phase) if WORLDS else (Phase.generate,),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
