"""Mends of RDS, one file for each of its concerns."""

from . import (  # noqa: F401
    clusters,
    deletion,
    failover,
    instances,
    keys,
    parameters,
    replicas,
    restores,
)
