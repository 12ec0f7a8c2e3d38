"""Found by DVC through hydra.plugins_path: makes ${glassnet.conf_digest:} known when `dvc exp run` composes conf/."""

from pathlib import Path

from glassnet.config import register_resolvers

register_resolvers(Path(__file__).resolve().parents[1] / "conf")
