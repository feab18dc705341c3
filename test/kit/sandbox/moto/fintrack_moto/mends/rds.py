"""Mends of RDS: instance identity, monitoring, parameters, clusters."""

from __future__ import annotations

import string
from typing import Any

from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random as random
from moto.rds.models import DBCluster, DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from ..patching import add_property, override, override_property
from ..registry import mend

RESOURCE_ID_LETTERS = string.ascii_uppercase + string.digits
DEFAULT_INSIGHTS_DAYS = 7


def new_resource_id() -> str:
    """A DbiResourceId as AWS makes them: ``db-`` and 26 letters or digits."""
    return "db-" + "".join(random.choice(RESOURCE_ID_LETTERS) for _ in range(26))


@mend(
    "rds",
    "CreateDBInstance: every instance has the same DbiResourceId, while IAM "
    "authentication policies (rds-db:connect) name an instance by it.",
)
def each_instance_has_its_own_resource_id() -> None:
    @override(DBInstance)
    def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.dbi_resource_id = new_resource_id()

    @override(RDSBackend)
    def create_db_instance_read_replica(
        original: Any, self: Any, db_kwargs: dict[str, Any]
    ) -> DBInstance:
        replica = original(self, db_kwargs)
        replica.dbi_resource_id = new_resource_id()
        return replica


@mend(
    "rds",
    "CreateDBInstance and ModifyDBInstance: MonitoringInterval and "
    "MonitoringRoleArn of enhanced monitoring are dropped.",
)
def enhanced_monitoring_is_kept() -> None:
    @override(DBInstance)
    def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.monitoring_interval = kwargs.get("monitoring_interval") or 0
        self.monitoring_role_arn = kwargs.get("monitoring_role_arn")


@mend(
    "rds",
    "CreateDBInstance and ModifyDBInstance: Performance Insights, its key and its "
    "retention are dropped.",
)
def performance_insights_are_kept() -> None:
    @override(DBInstance)
    def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.enable_performance_insights = kwargs.get("enable_performance_insights") or False
        self.performance_insights_kms_key_id = kwargs.get("performance_insights_kms_key_id")
        self.performance_insights_retention_period = kwargs.get(
            "performance_insights_retention_period"
        )
        keep_a_retention(self)

    @override(DBInstance)
    def update(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        keep_a_retention(self)

    @add_property(DBInstance)
    def performance_insights_enabled(self: Any) -> bool:
        return self.enable_performance_insights

    def keep_a_retention(instance: Any) -> None:
        if instance.enable_performance_insights and not instance.performance_insights_retention_period:
            instance.performance_insights_retention_period = DEFAULT_INSIGHTS_DAYS


@mend(
    "rds",
    "DescribeDBParameters and DescribeDBClusterParameters: the Source filter is "
    "ignored and no parameter says Source=user, so parameter groups drift.",
)
def parameters_tell_their_source() -> None:
    def by_source(original: Any, response: Any) -> ActionResult:
        answer = original(response)
        listed = answer.result["Parameters"]
        values = listed.values() if isinstance(listed, dict) else listed
        wanted = response.params.get("Source")
        parameters = [{**value, "Source": value.get("Source", "user")} for value in values]
        answer.result["Parameters"] = [
            parameter for parameter in parameters if not wanted or parameter["Source"] == wanted
        ]
        return answer

    @override(RDSResponse)
    def describe_db_parameters(original: Any, self: Any) -> ActionResult:
        return by_source(original, self)

    @override(RDSResponse)
    def describe_db_cluster_parameters(original: Any, self: Any) -> ActionResult:
        return by_source(original, self)


@mend(
    "rds",
    "DescribeDBClusters: a provisioned cluster answers an empty serverless scaling "
    "configuration, so aws_rds_cluster drifts.",
)
def only_serverless_clusters_have_a_scaling_configuration() -> None:
    @override_property(DBCluster)
    def scaling_configuration_info(stock: Any, cluster: Any) -> Any:
        return stock if cluster.engine_mode == "serverless" else None
