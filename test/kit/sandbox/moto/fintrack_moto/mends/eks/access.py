"""EKS access entries and their policies, which moto does not have."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.eks.exceptions import InvalidRequestException, ResourceInUseException
from moto.eks.responses import EKSResponse
from moto.moto_api._internal import mock_random as random

from ...patching import add
from ...registry import mend
from .shared import arn_of, cluster_of, find, given, kept, serve, stamps

ENTRIES = "/clusters/(?P<name>[^/]+)/access-entries"
# A principal's ARN has slashes of its own, sent encoded but decoded before the match.
ENTRY = ENTRIES + "/(?P<principalArn>.+)"


def entry_of(response: Any) -> dict[str, Any]:
    principal = response._get_param("principalArn")
    message = f"The specified principalArn could not be found: {principal}"
    return find(cluster_of(response), "access_entries", principal, message)


@mend(
    "eks",
    "CreateAccessEntry, DescribeAccessEntry, UpdateAccessEntry, DeleteAccessEntry "
    "and ListAccessEntries are missing.",
)
def clusters_have_access_entries() -> None:
    serve(ENTRIES, ENTRY)

    @add(EKSResponse)
    def create_access_entry(self: Any) -> ActionResult:
        cluster, principal = cluster_of(self), self._get_param("principalArn")
        if cluster.access_config["authenticationMode"] == "CONFIG_MAP":
            raise InvalidRequestException(
                message="The cluster's authentication mode must be set to one of [API, "
                "API_AND_CONFIG_MAP] to perform this operation."
            )
        if principal in kept(cluster, "access_entries"):
            raise ResourceInUseException(
                clusterName=cluster.name,
                message="The specified access entry resource is already in use on this cluster.",
            )
        kind, _, rest = principal.split(":", 5)[5].partition("/")
        entry = {
            "clusterName": cluster.name,
            "principalArn": principal,
            "kubernetesGroups": [],
            "accessEntryArn": arn_of(
                cluster, "access-entry", kind, principal.split(":")[4], rest, str(random.uuid4())
            ),
            "tags": {},
            "username": principal,
            "type": "STANDARD",
            **stamps(),
            **given(self, "kubernetesGroups", "tags", "username", "type"),
        }
        kept(cluster, "access_entries")[principal] = entry
        return ActionResult({"accessEntry": entry})

    @add(EKSResponse)
    def describe_access_entry(self: Any) -> ActionResult:
        return ActionResult({"accessEntry": entry_of(self)})

    @add(EKSResponse)
    def update_access_entry(self: Any) -> ActionResult:
        entry = entry_of(self)
        entry.update(given(self, "kubernetesGroups", "username"), modifiedAt=utcnow())
        return ActionResult({"accessEntry": entry})

    @add(EKSResponse)
    def delete_access_entry(self: Any) -> ActionResult:
        cluster, principal = cluster_of(self), entry_of(self)["principalArn"]
        del kept(cluster, "access_entries")[principal]
        kept(cluster, "access_policies").pop(principal, None)
        return EmptyResult()

    @add(EKSResponse)
    def list_access_entries(self: Any) -> ActionResult:
        return ActionResult({"accessEntries": list(kept(cluster_of(self), "access_entries"))})


@mend(
    "eks",
    "AssociateAccessPolicy, DisassociateAccessPolicy and "
    "ListAssociatedAccessPolicies are missing.",
)
def access_entries_have_policies() -> None:
    serve(ENTRY + "/access-policies", ENTRY + "/access-policies/(?P<policyArn>.+)")

    def policies_of(response: Any) -> dict[str, Any]:
        principal = entry_of(response)["principalArn"]
        return kept(cluster_of(response), "access_policies").setdefault(principal, {})

    @add(EKSResponse)
    def associate_access_policy(self: Any) -> ActionResult:
        policy = self._get_param("policyArn")
        moment = utcnow()
        association = {
            "policyArn": policy,
            "accessScope": self._get_param("accessScope"),
            "associatedAt": moment,
            "modifiedAt": moment,
        }
        policies_of(self)[policy] = association
        return ActionResult({**names(self), "associatedAccessPolicy": association})

    @add(EKSResponse)
    def disassociate_access_policy(self: Any) -> ActionResult:
        policies_of(self).pop(self._get_param("policyArn"), None)
        return EmptyResult()

    @add(EKSResponse)
    def list_associated_access_policies(self: Any) -> ActionResult:
        listed = list(policies_of(self).values())
        return ActionResult({**names(self), "associatedAccessPolicies": listed})

    def names(response: Any) -> dict[str, str]:
        entry = entry_of(response)
        return {"clusterName": entry["clusterName"], "principalArn": entry["principalArn"]}
