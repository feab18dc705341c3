"""Mends of RDS instances: identity, monitoring, Performance Insights."""

from __future__ import annotations

import string
from typing import Any

from moto.moto_api._internal import mock_random as random
from moto.rds.models import DBInstance

from ...patching import add_property, override
from ...registry import mend

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
