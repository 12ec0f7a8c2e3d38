"""Runs a Ray cluster of two nodes with a core each, until stdin ends; its processes end with this one."""

import sys
from pathlib import Path

from ray.cluster_utils import Cluster

# At any other address, of the loopback network too, Ray's services would listen on all of the machine's interfaces.
LOOPBACK = "127.0.0.1"


def _node(folder: Path) -> dict[str, object]:
    return {"node_ip_address": LOOPBACK, "temp_dir": str(folder), "num_cpus": 1, "include_log_monitor": True}


if __name__ == "__main__":
    base = Path(sys.argv[1])  # RAY_TMPDIR: Ray notes the head's address below it, in ray/
    cluster = Cluster(initialize_head=True, head_node_args={**_node(base / "ray"), "include_dashboard": False})
    cluster.add_node(**_node(base / "other"))
    print(cluster.address, flush=True)
    sys.stdin.read()
