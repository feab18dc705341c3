"""Mends of DynamoDB: what a restored table has from its source."""

from __future__ import annotations

import copy
from typing import Any

from moto.dynamodb.responses import DynamoHandler, DynamoResult

from ..patching import override
from ..registry import mend


@mend(
    "dynamodb",
    "RestoreTableToPointInTime: the restored table is encrypted neither as its source "
    "nor as the request says, so a drill cannot see whose key it is under.",
)
def restored_tables_are_encrypted_as_asked() -> None:
    @override(DynamoHandler)
    def restore_table_to_point_in_time(original: Any, self: Any) -> DynamoResult:
        original(self)
        tables = self.dynamodb_backend.tables
        source, target = tables[self.body["SourceTableName"]], tables[self.body["TargetTableName"]]
        target.sse_specification = copy.deepcopy(
            self.body.get("SSESpecificationOverride") or source.sse_specification
        )
        return DynamoResult(target.describe())
