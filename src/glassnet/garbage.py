"""How often Python looks for garbage: seldom while a program of ours runs, and not at its end."""

import atexit
import functools
import gc

RARELY = 50_000  # new objects between two collections; with Python's 700, importing a library has hundreds of them


@functools.cache  # once a process: a worker runs many jobs
def collect_rarely() -> None:
    """Have this process collect garbage less often, and none when it ends.

    Objects that nothing refers to are freed at once in any case; a collection finds those that refer to each other.
    At its end Python would look through every object of every module, where the system takes back the memory anyway:
    0.04 s of a stage, 0.3 s where MLflow is loaded. Frozen objects are not looked through. What has to happen at the
    end must be asked for (`with`, `atexit`), as always: Python promises nothing about objects that are left.
    """
    gc.set_threshold(RARELY)
    atexit.register(gc.freeze)


def collect_recent() -> None:
    """Collect what has become garbage since this was last called, such as a training's network: before the next one.

    A network's parameters and their optimizer's vectors refer to each other, so they are only freed by a collection.
    Python counts objects, not bytes: a hundred trainings of a small table may pass between two of them. This looks
    through recent objects alone, in a few milliseconds; those that lived at the last call stay where they are.
    """
    gc.collect(1)
