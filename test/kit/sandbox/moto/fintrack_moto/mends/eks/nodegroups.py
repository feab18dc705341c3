"""Mends of EKS managed node groups."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.eks.models import Nodegroup
from moto.eks.responses import EKSResponse

from ...patching import override
from ...registry import mend
from .shared import cluster_of, kept

# The build date of an AMI release; any will do, AWS has one every week or two.
RELEASE_DATE = "20250519"


@mend(
    "eks",
    "CreateNodegroup: a node group that names no version gets Kubernetes 1.19 and a "
    "1.19 release in place of its cluster's, so aws_eks_node_group drifts.",
)
def node_groups_follow_their_clusters_version() -> None:
    @override(EKSResponse)
    def create_nodegroup(original: Any, self: Any) -> ActionResult:
        answer = original(self)
        group = answer.result["nodegroup"]
        group.version = self._get_param("version") or cluster_of(self).version
        group.release_version = (
            self._get_param("releaseVersion") or f"{group.version}.0-{RELEASE_DATE}"
        )
        return answer


@mend(
    "eks",
    "CreateNodegroup: updateConfig and nodeRepairConfig are dropped.",
)
def node_groups_keep_their_update_and_repair_settings() -> None:
    @override(EKSResponse)
    def create_nodegroup(original: Any, self: Any) -> ActionResult:
        answer = original(self)
        group = answer.result["nodegroup"]
        group.update_config = self._get_param("updateConfig") or {"maxUnavailable": 1}
        group.node_repair_config = self._get_param("nodeRepairConfig")
        return answer


@mend(
    "eks",
    "CreateNodegroup: every group is said to allow SSH with a key called eksKeypair, "
    "and to have a disk size of its own where its launch template sets one.",
)
def node_groups_have_no_remote_access_unless_asked() -> None:
    @override(Nodegroup)
    def __init__(
        original: Any,
        self: Any,
        *args: Any,
        remote_access: dict[str, Any] | None = None,
        disk_size: int | None = None,
        launch_template: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        original(
            self,
            *args,
            remote_access=remote_access,
            disk_size=disk_size,
            launch_template=launch_template,
            **kwargs,
        )
        if not remote_access:
            self.remote_access = None
            del self.resources["remoteAccessSecurityGroup"]
        if launch_template:
            self.disk_size = disk_size


@mend(
    "eks",
    "UpdateNodegroupConfig: the update it answers cannot be described afterwards.",
)
def node_group_updates_can_be_described() -> None:
    @override(EKSResponse)
    def update_nodegroup_config(original: Any, self: Any) -> ActionResult:
        answer = original(self)
        update = answer.result["update"]
        kept(cluster_of(self), "updates")[update["id"]] = update
        return answer
