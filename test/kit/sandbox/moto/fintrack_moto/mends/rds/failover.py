"""Mends of Multi-AZ RDS instances and their failover."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.models import DBInstance
from moto.rds.responses import RDSResponse

from ...patching import add_property, override
from ...registry import mend


@mend(
    "rds",
    "DescribeDBInstances: a Multi-AZ instance has no SecondaryAvailabilityZone.",
)
def multi_az_instances_tell_their_standbys_zone() -> None:
    @add_property(DBInstance)
    def secondary_availability_zone(self: Any) -> str | None:
        if not self.multi_az:
            return None
        group = getattr(self, "db_subnet_group", None)
        zones = sorted({subnet.availability_zone for subnet in group._subnets}) if group else []
        zones = zones or [f"{self.region}{letter}" for letter in "ab"]
        return next((zone for zone in zones if zone != self.availability_zone), None)


@mend(
    "rds",
    "RebootDBInstance: ForceFailover changes nothing, so a failover cannot be tried.",
)
def a_forced_failover_moves_the_instance_to_its_standby() -> None:
    @override(RDSResponse)
    def reboot_db_instance(original: Any, self: Any) -> ActionResult:
        answer = original(self)
        if not self.params.get("ForceFailover"):
            return answer
        instance = answer.result["DBInstance"]
        if not instance.multi_az:
            raise InvalidParameterCombination(
                "You can't force a failover because the DB instance is not Multi-AZ."
            )
        instance.availability_zone = instance.secondary_availability_zone
        return answer
