"""Mends of EKS, one file for each kind of thing a cluster has."""

from . import access, addons, clusters, nodegroups, pod_identity, tags, updates  # noqa: F401
