"""A kill in the middle of a training, which nothing may catch, for the tests of what is resumed after one."""

from glassnet.training import Callback, TrainingRun


class Killed(BaseException):
    """Stands for a SIGKILL: nothing may catch it and go on."""


class KillAt(Callback):
    """Kills the training at one of its turning points, from a step on."""

    def __init__(self, hook: str, step: int) -> None:
        self.step = step
        setattr(self, hook, self._kill)

    def _kill(self, run: TrainingRun) -> None:
        if run.step >= self.step:
            raise Killed
