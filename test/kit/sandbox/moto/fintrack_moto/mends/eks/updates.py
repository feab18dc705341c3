"""Mends of EKS updates: version upgrades, and the updates themselves."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.eks.exceptions import InvalidParameterException
from moto.eks.responses import EKSResponse

from ...patching import add
from ...registry import mend
from .shared import cluster_of, find, kept, record_update, serve


@mend(
    "eks",
    "DescribeUpdate and ListUpdates are missing; the provider waits by them for "
    "every change of a cluster, a node group or an add-on.",
)
def updates_can_be_described() -> None:
    serve("/clusters/(?P<name>[^/]+)/updates", "/clusters/(?P<name>[^/]+)/updates/(?P<updateId>[^/]+)")

    @add(EKSResponse)
    def describe_update(self: Any) -> ActionResult:
        update_id = self._get_param("updateId")
        update = find(cluster_of(self), "updates", update_id, f"No update found for ID: {update_id}")
        return ActionResult({"update": update})

    @add(EKSResponse)
    def list_updates(self: Any) -> ActionResult:
        return ActionResult({"updateIds": list(kept(cluster_of(self), "updates"))})


@mend(
    "eks",
    "UpdateClusterVersion and UpdateNodegroupVersion are missing, so no upgrade can be applied.",
)
def clusters_and_node_groups_can_be_upgraded() -> None:
    serve("/clusters/(?P<name>[^/]+)/node-groups/(?P<nodegroupName>[^/]+)/update-version")

    @add(EKSResponse)
    def update_cluster_version(self: Any) -> ActionResult:
        cluster, version = cluster_of(self), self._get_param("version")
        if minor(version) not in (minor(cluster.version), minor(cluster.version) + 1):
            raise InvalidParameterException(
                clusterName=cluster.name,
                message=f"Unsupported Kubernetes minor version update from {cluster.version} to {version}",
            )
        cluster.version = version
        return ActionResult({"update": record_update(cluster, "VersionUpdate", {"Version": version})})

    @add(EKSResponse)
    def update_nodegroup_version(self: Any) -> ActionResult:
        cluster = cluster_of(self)
        group = self.eks_backend.describe_nodegroup(cluster.name, self._get_param("nodegroupName"))
        group.version = self._get_param("version") or cluster.version
        group.release_version = self._get_param("releaseVersion") or group.release_version
        template = self._get_param("launchTemplate")
        if template:
            group.launch_template = {**(group.launch_template or {}), **template}
        changed = {"Version": group.version, "ReleaseVersion": group.release_version}
        return ActionResult({"update": record_update(cluster, "VersionUpdate", changed)})

    def minor(version: str) -> int:
        return int(version.split(".")[1])
