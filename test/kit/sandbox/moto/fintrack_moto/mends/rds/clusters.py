"""Mends of RDS clusters."""

from __future__ import annotations

from typing import Any

from moto.rds.models import DBCluster

from ...patching import override_property
from ...registry import mend


@mend(
    "rds",
    "DescribeDBClusters: a provisioned cluster answers an empty serverless scaling "
    "configuration, so aws_rds_cluster drifts.",
)
def only_serverless_clusters_have_a_scaling_configuration() -> None:
    @override_property(DBCluster)
    def scaling_configuration_info(stock: Any, cluster: Any) -> Any:
        return stock if cluster.engine_mode == "serverless" else None
