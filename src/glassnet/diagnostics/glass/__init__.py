"""One step under glass: a page that shows every number of a training step, and the training by epoch."""

from glassnet.diagnostics.glass.look import look
from glassnet.diagnostics.glass.recording import Recording

__all__ = ["Recording", "look"]
