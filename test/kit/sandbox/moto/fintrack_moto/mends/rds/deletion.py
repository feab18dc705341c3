"""Mends of deleting RDS instances and clusters."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.responses import RDSResponse

from ...patching import override
from ...registry import mend

MISSING = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."


@mend(
    "rds",
    "DeleteDBInstance and DeleteDBCluster: with neither a final snapshot nor the "
    "order to skip it the data is deleted, which AWS refuses.",
)
def nothing_is_deleted_without_a_word_on_the_final_snapshot() -> None:
    def check(response: Any) -> None:
        skip = response.params.get("SkipFinalSnapshot")
        if not skip and not response.params.get("FinalDBSnapshotIdentifier"):
            raise InvalidParameterCombination(MISSING)

    @override(RDSResponse)
    def delete_db_instance(original: Any, self: Any) -> ActionResult:
        instance = self.backend.databases.get(self.params["DBInstanceIdentifier"])
        # The instances of a cluster hold no data of their own.
        if instance is not None and instance.db_cluster_identifier is None:
            check(self)
        return original(self)

    @override(RDSResponse)
    def delete_db_cluster(original: Any, self: Any) -> ActionResult:
        if self.params["DBClusterIdentifier"] in self.backend.clusters:
            check(self)
        return original(self)
