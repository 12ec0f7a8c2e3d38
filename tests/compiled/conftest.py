"""What the tests of the twins share."""

import pytest

from glassnet import compiled


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the twins come in at any size."""
    monkeypatch.setattr(compiled, "LEAST", 0)
    monkeypatch.setattr(compiled, "ENOUGH", 0)
