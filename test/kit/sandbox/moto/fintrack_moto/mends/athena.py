"""Mends of Athena: named queries and work groups."""

from __future__ import annotations

import json
from typing import Any

from moto.athena.responses import AthenaResponse

from ..patching import add, override
from ..registry import mend


@mend(
    "athena",
    "DeleteNamedQuery is missing, so aws_athena_named_query cannot be destroyed.",
)
def named_queries_can_be_deleted() -> None:
    @add(AthenaResponse)
    def delete_named_query(self: Any) -> str:
        self.athena_backend.named_queries.pop(self._get_param("NamedQueryId"), None)
        return json.dumps({})


@mend(
    "athena",
    "GetNamedQuery: a query that does not exist ends in an internal error, so the "
    "provider cannot see that one is gone.",
)
def missing_named_queries_are_a_plain_error() -> None:
    @override(AthenaResponse)
    def get_named_query(original: Any, self: Any) -> Any:
        if self.athena_backend.get_named_query(self._get_param("NamedQueryId")) is None:
            query = self._get_param("NamedQueryId")
            return self.error(f"NamedQuery {query} was not found", 400)
        return original(self)


@mend(
    "athena",
    "UpdateWorkGroup is missing, so a change of aws_athena_workgroup cannot be applied.",
)
def work_groups_can_be_changed() -> None:
    @add(AthenaResponse)
    def update_work_group(self: Any) -> Any:
        group = self.athena_backend.work_groups.get(self._get_param("WorkGroup"))
        if group is None:
            return self.error("WorkGroup is not found.", 400)
        group.description = self._get_param("Description") or group.description
        group.state = self._get_param("State") or group.state
        changes = dict(self._get_param("ConfigurationUpdates") or {})
        results = changes.pop("ResultConfigurationUpdates", None)
        for name in [name for name in changes if name.startswith("Remove")]:
            if changes.pop(name):
                group.configuration.pop(name.removeprefix("Remove"), None)
        group.configuration.update(changes)
        if results is not None:
            kept = group.configuration.setdefault("ResultConfiguration", {})
            for name in [name for name in results if name.startswith("Remove")]:
                if results.pop(name):
                    kept.pop(name.removeprefix("Remove"), None)
            kept.update(results)
        return json.dumps({})
