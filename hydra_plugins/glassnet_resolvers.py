"""Found by DVC through hydra.plugins_path: makes ${glassnet.conf_digest:} and others known when it composes conf/."""

import sys
from pathlib import Path

from glassnet.config import register_resolvers

# Hydra finds it in a stage that composes conf/ for itself too.
register_resolvers(Path(__file__).resolve().parents[1] / "conf", by_dvc="dvc.repo" in sys.modules)
