"""Mends of ElastiCache, one file for each kind of thing it has."""

from . import (  # noqa: F401
    parameter_groups,
    replication_groups,
    replication_group_changes,
    subnet_groups,
    tags,
    user_groups,
)
