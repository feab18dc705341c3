"""EKS add-ons, which moto does not have."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.eks.exceptions import InvalidParameterException, ResourceInUseException
from moto.eks.responses import EKSResponse
from moto.moto_api._internal import mock_random as random

from ...patching import add
from ...registry import mend
from .shared import arn_of, cluster_of, find, given, kept, record_update, serve, stamps

# Add-on → the versions offered, newest first; the second is the default, as it
# mostly is on AWS. Any version may be asked for: AWS adds some every month.
OFFERED = {
    "aws-ebs-csi-driver": ["v1.44.0-eksbuild.1", "v1.43.0-eksbuild.1"],
    "coredns": ["v1.12.1-eksbuild.2", "v1.11.4-eksbuild.2"],
    "eks-pod-identity-agent": ["v1.3.7-eksbuild.2", "v1.3.5-eksbuild.2"],
    "kube-proxy": ["v1.33.0-eksbuild.2", "v1.32.3-eksbuild.7"],
    "vpc-cni": ["v1.19.6-eksbuild.1", "v1.19.5-eksbuild.1"],
}
CHANGEABLE = ("addonVersion", "serviceAccountRoleArn", "configurationValues")


@mend(
    "eks",
    "CreateAddon, DescribeAddon, UpdateAddon, DeleteAddon and ListAddons are missing.",
)
def clusters_have_addons() -> None:
    serve(
        "/clusters/(?P<name>[^/]+)/addons",
        "/clusters/(?P<name>[^/]+)/addons/(?P<addonName>[^/]+)",
        "/clusters/(?P<name>[^/]+)/addons/(?P<addonName>[^/]+)/update",
    )

    def addon_of(response: Any) -> dict[str, Any]:
        name = response._get_param("addonName")
        return find(cluster_of(response), "addons", name, f"No addon: {name} found in cluster")

    @add(EKSResponse)
    def create_addon(self: Any) -> ActionResult:
        cluster, name = cluster_of(self), self._get_param("addonName")
        if name in kept(cluster, "addons"):
            raise ResourceInUseException(
                clusterName=cluster.name, addonName=name, message="Addon already exists."
            )
        addon = {
            "addonName": name,
            "clusterName": cluster.name,
            "status": "ACTIVE",
            "addonVersion": default_version(name),
            "health": {"issues": []},
            "addonArn": arn_of(cluster, "addon", name, str(random.uuid4())),
            "tags": {},
            **stamps(),
            **given(self, "tags", *CHANGEABLE),
        }
        kept(cluster, "addons")[name] = addon
        return ActionResult({"addon": addon})

    def default_version(name: str) -> str:
        if name not in OFFERED:
            raise InvalidParameterException(
                addonName=name, message=f"Addon {name} needs an addonVersion in this emulator"
            )
        return OFFERED[name][1]

    @add(EKSResponse)
    def describe_addon(self: Any) -> ActionResult:
        return ActionResult({"addon": addon_of(self)})

    @add(EKSResponse)
    def update_addon(self: Any) -> ActionResult:
        changed = given(self, *CHANGEABLE)
        addon_of(self).update(changed, modifiedAt=utcnow())
        return ActionResult({"update": record_update(cluster_of(self), "AddonUpdate", {})})

    @add(EKSResponse)
    def delete_addon(self: Any) -> ActionResult:
        addon = addon_of(self)
        del kept(cluster_of(self), "addons")[addon["addonName"]]
        return ActionResult({"addon": {**addon, "status": "DELETING"}})

    @add(EKSResponse)
    def list_addons(self: Any) -> ActionResult:
        return ActionResult({"addons": list(kept(cluster_of(self), "addons"))})


@mend(
    "eks",
    "DescribeAddonVersions is missing, so the aws_eks_addon_version data source fails.",
)
def addon_versions_can_be_described() -> None:
    serve("/addons/supported-versions")

    @add(EKSResponse)
    def describe_addon_versions(self: Any) -> ActionResult:
        wanted = self._get_param("addonName")
        version = self._get_param("kubernetesVersion")
        addons = [
            {"addonName": name, "type": "networking", "owner": "aws", "addonVersions": [
                {
                    "addonVersion": offered,
                    "architecture": ["amd64", "arm64"],
                    "compatibilities": [
                        {"clusterVersion": version, "defaultVersion": position == 1}
                    ],
                }
                for position, offered in enumerate(versions)
            ]}
            for name, versions in OFFERED.items()
            if wanted in (None, name)
        ]
        return ActionResult({"addons": addons})
