"""Mends of RDS read replicas."""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow
from moto.rds.models import DBInstance, RDSBackend

from ...patching import override
from ...registry import mend
from .instances import new_resource_id

# What a replica has of its own where the request says nothing about it ("CreateDBInstanceReadReplica"
# in the API reference); everything else is as its source has it.
OWN_DEFAULTS: dict[str, Any] = {
    "backup_retention_period": 0,
    "copy_tags_to_snapshot": False,
    "enable_iam_database_authentication": False,
    "enable_performance_insights": False,
    "performance_insights_kms_key_id": None,
    "performance_insights_retention_period": None,
    "monitoring_interval": 0,
    "monitoring_role_arn": None,
    "manage_master_user_password": False,
}


@mend(
    "rds",
    "CreateDBInstanceReadReplica: a replica takes MultiAZ and DeletionProtection "
    "from its source, while on AWS both are off unless the call asks for them.",
)
def replicas_choose_their_own_availability() -> None:
    @override(RDSBackend)
    def create_db_instance_read_replica(
        original: Any, self: Any, db_kwargs: dict[str, Any]
    ) -> DBInstance:
        replica = original(self, db_kwargs)
        replica.multi_az = bool(db_kwargs.get("multi_az"))
        replica.deletion_protection = bool(db_kwargs.get("deletion_protection"))
        return replica


@mend(
    "rds",
    "CreateDBInstanceReadReplica: the replica is a copy that has its source's tags, "
    "monitoring, log exports and even its managed password, which is deleted with "
    "the replica.",
)
def replicas_are_instances_of_their_own() -> None:
    @override(RDSBackend)
    def create_db_instance_read_replica(
        original: Any, self: Any, db_kwargs: dict[str, Any]
    ) -> DBInstance:
        source = self.find_db_from_id(db_kwargs["source_db_instance_identifier"])
        # Moto copies the source and updates the copy; lists must not be shared by the two.
        own_lists: dict[str, Any] = {"tags": [], "enabled_cloudwatch_logs_exports": []}
        exports = db_kwargs.pop("enable_cloudwatch_logs_exports", None)
        if exports:
            own_lists["enabled_cloudwatch_logs_exports"] = list(exports)
        secret = source.__dict__.pop("master_user_secret", None)
        try:
            replica = original(self, {**OWN_DEFAULTS, **own_lists, **db_kwargs})
        finally:
            if secret is not None:
                source.master_user_secret = secret
        for name, value in OWN_DEFAULTS.items():
            setattr(replica, name, db_kwargs.get(name, value))
        replica.dbi_resource_id = new_resource_id()
        replica._associated_roles = []
        replica.created = replica.instance_create_time = utcnow()
        return replica


@mend(
    "rds",
    "DeleteDBInstance: deleting a replica of a source in another region ends in an "
    "internal error.",
)
def replicas_in_other_regions_can_be_deleted() -> None:
    @override(DBInstance)
    def remove_replica(original: Any, self: Any, replica: DBInstance) -> None:
        names = (replica.db_instance_identifier, replica.db_instance_arn)
        self.replicas = [name for name in self.replicas if name not in names]
