from notifications.outbox import BATCH, deliver, due_deliveries, plan_new_events


def send_due() -> int:
    """Plan what is new and send what is due; returns how many messages were sent."""
    while plan_new_events() == BATCH:
        pass
    return sum(deliver(pk) for pk in due_deliveries().values_list("pk", flat=True)[:BATCH])
