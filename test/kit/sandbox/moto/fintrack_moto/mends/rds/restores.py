"""Mends of RDS instances that are restored from another."""

from __future__ import annotations

from typing import Any

from moto.rds.models import DBInstance, RDSBackend

from ...patching import override
from ...registry import mend


@mend(
    "rds",
    "RestoreDBInstanceToPointInTime: what the call switches off stays as the source "
    "has it, so a restored database cannot be deleted; deletion protection and IAM "
    "authentication are off on AWS unless the call asks for them.",
)
def restored_instances_choose_their_own_protection() -> None:
    @override(RDSBackend)
    def restore_db_instance_to_point_in_time(
        original: Any, self: Any, source: str, target: str, asked: dict[str, Any]
    ) -> DBInstance:
        restored = original(self, source, target, asked)
        restored.deletion_protection = bool(asked.get("deletion_protection"))
        restored.enable_iam_database_authentication = bool(
            asked.get("enable_iam_database_authentication")
        )
        restored.multi_az = bool(asked.get("multi_az"))
        return restored
