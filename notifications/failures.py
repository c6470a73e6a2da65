"""How a step can end other than by being done."""


class NotWantedError(Exception):
    """The step is canceled: there is no reason for it any more. The message says why."""


class GiveUpError(Exception):
    """Trying again is of no use before somebody has changed something. The message says what."""


class OutsideError(Exception):
    """An outside party did not answer, or not well: the step is tried again later."""
