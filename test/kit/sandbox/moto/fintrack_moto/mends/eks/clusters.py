"""Mends of EKS clusters themselves."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DependencyViolationError, InvalidSecurityGroupNotFoundError
from moto.ec2.models import ec2_backends
from moto.eks.models import Cluster, EKSBackend
from moto.eks.responses import EKSResponse
from moto.moto_api._internal import mock_random as random

from ...patching import override
from ...registry import mend
from .shared import record_update

HEXADECIMAL = "0123456789ABCDEF"


@mend(
    "eks",
    "CreateCluster: all clusters of all accounts have one issuer, and it is not of "
    "the form that IAM knows; an OIDC provider of one would vouch for all.",
)
def each_cluster_has_its_own_issuer() -> None:
    @override(Cluster)
    def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        region = self.arn.split(":")[3]
        identity = "".join(random.choice(HEXADECIMAL) for _ in range(32))
        issuer = f"https://oidc.eks.{region}.amazonaws.com/id/{identity}"
        self.identity = {"oidc": {"issuer": issuer}}


@mend(
    "eks",
    "CreateCluster and UpdateClusterConfig: accessConfig and upgradePolicy are "
    "dropped, so aws_eks_cluster drifts and access entries cannot be used.",
)
def clusters_keep_their_access_and_upgrade_settings() -> None:
    @override(EKSResponse)
    def create_cluster(original: Any, self: Any) -> ActionResult:
        answer = original(self)
        cluster = answer.result["cluster"]
        access = self._get_param("accessConfig") or {}
        cluster.access_config = {
            "authenticationMode": access.get("authenticationMode", "CONFIG_MAP"),
            "bootstrapClusterCreatorAdminPermissions": access.get(
                "bootstrapClusterCreatorAdminPermissions", True
            ),
        }
        cluster.upgrade_policy = self._get_param("upgradePolicy") or {"supportType": "EXTENDED"}
        return answer

    @override(EKSResponse)
    def update_cluster_config(original: Any, self: Any) -> ActionResult:
        answer = original(self)
        cluster = self.eks_backend.describe_cluster(name=self._get_param("name"))
        cluster.access_config = {**cluster.access_config, **(self._get_param("accessConfig") or {})}
        cluster.upgrade_policy = self._get_param("upgradePolicy") or cluster.upgrade_policy
        return answer


@mend(
    "eks",
    "CreateCluster: no cluster security group is made and no VPC is answered, while "
    "node groups and databases take the group as a source.",
)
def clusters_get_a_security_group_in_their_vpc() -> None:
    @override(EKSBackend)
    def create_cluster(original: Any, self: Any, *args: Any, **kwargs: Any) -> Cluster:
        cluster = original(self, *args, **kwargs)
        network = cluster.resources_vpc_config
        network.setdefault("endpointPublicAccess", True)
        network.setdefault("endpointPrivateAccess", False)
        if network["endpointPublicAccess"]:
            network.setdefault("publicAccessCidrs", ["0.0.0.0/0"])
        ec2 = ec2_backends[self.account_id][self.region_name]
        known = {subnet for zone in ec2.subnets.values() for subnet in zone}
        subnets = [subnet for subnet in network.get("subnetIds") or [] if subnet in known]
        if subnets:
            network["vpcId"] = ec2.get_subnet(subnets[0]).vpc_id
            network["clusterSecurityGroupId"] = cluster_security_group(ec2, cluster).id
        return cluster

    def cluster_security_group(ec2: Any, cluster: Cluster) -> Any:
        name = f"eks-cluster-sg-{cluster.name}-{random.randint(10**8, 10**10)}"
        group = ec2.create_security_group(
            name,
            "EKS created security group applied to ENI that is attached to EKS Control "
            "Plane master nodes, as well as any managed workloads.",
            cluster.resources_vpc_config["vpcId"],
            {
                "Name": name,
                "aws:eks:cluster-name": cluster.name,
                f"kubernetes.io/cluster/{cluster.name}": "owned",
            },
        )
        ec2.authorize_security_group_ingress(
            group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}]
        )
        return group

    @override(EKSBackend)
    def delete_cluster(original: Any, self: Any, name: str) -> Cluster:
        cluster = original(self, name)
        group = cluster.resources_vpc_config.get("clusterSecurityGroupId")
        if group:
            try:
                ec2_backends[self.account_id][self.region_name].delete_security_group(group_id=group)
            except (DependencyViolationError, InvalidSecurityGroupNotFoundError):
                # As on AWS: a group in use outlives its cluster, one deleted before is no matter.
                pass
        return cluster


@mend(
    "eks",
    "UpdateClusterConfig: what is not given of the VPC configuration is lost, the "
    "subnets among it, and the answer is the cluster in place of the update.",
)
def a_cluster_update_changes_only_what_is_given() -> None:
    @override(EKSBackend)
    def update_cluster_config(
        original: Any, self: Any, name: str, resources_vpc_config: Any, **kwargs: Any
    ) -> Cluster:
        if name in self.clusters and resources_vpc_config:
            before = self.clusters[name].resources_vpc_config
            resources_vpc_config = {**before, **resources_vpc_config}
        return original(self, name, resources_vpc_config, **kwargs)

    @override(EKSResponse)
    def update_cluster_config(original: Any, self: Any) -> ActionResult:  # noqa: F811
        cluster = original(self).result["cluster"]
        return ActionResult({"update": record_update(cluster, update_type(self), {})})

    def update_type(response: Any) -> str:
        if response._get_param("logging"):
            return "LoggingUpdate"
        if response._get_param("accessConfig"):
            return "AccessConfigUpdate"
        if response._get_param("upgradePolicy"):
            return "UpgradePolicyUpdate"
        return "EndpointAccessUpdate"


@mend(
    "eks",
    "DeleteCluster: a cluster is deleted with its Fargate profiles, which AWS refuses.",
)
def clusters_with_fargate_profiles_are_not_deleted() -> None:
    from moto.eks.exceptions import ResourceInUseException

    @override(EKSBackend)
    def delete_cluster(original: Any, self: Any, name: str) -> Cluster:
        profiles = self.clusters[name].fargate_profiles if name in self.clusters else {}
        if profiles:
            raise ResourceInUseException(
                clusterName=name, message="Cluster has Fargate profiles attached"
            )
        return original(self, name)
