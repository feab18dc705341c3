"""Mends of Athena: named queries."""

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
