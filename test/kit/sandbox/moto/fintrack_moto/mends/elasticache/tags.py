"""Mends of tags in ElastiCache."""

from __future__ import annotations

import re
from typing import Any

from moto.elasticache.models import ElastiCacheBackend

from ...patching import override
from ...registry import mend

KINDS = "cluster|parametergroup|replicationgroup|snapshot|subnetgroup|user|usergroup"


@mend(
    "elasticache",
    "ListTagsForResource: the ARNs of parameter groups and user groups are refused as invalid.",
)
def parameter_groups_and_user_groups_have_tags() -> None:
    @override(ElastiCacheBackend)
    def __init__(original: Any, self: Any, region_name: str, account_id: str) -> None:
        original(self, region_name, account_id)
        self.arn_regex = re.compile(rf"^arn:[^:]+:elasticache:[^:]*:\d*:({KINDS}):.*$")
