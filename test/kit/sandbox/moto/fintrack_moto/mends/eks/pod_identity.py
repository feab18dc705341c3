"""EKS pod identity associations, which moto does not have."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.eks.responses import EKSResponse
from moto.moto_api._internal import mock_random as random

from ...patching import add
from ...registry import mend
from .shared import arn_of, cluster_of, find, given, kept, serve, stamps

ASSOCIATIONS = "/clusters/(?P<name>[^/]+)/pod-identity-associations"


@mend(
    "eks",
    "CreatePodIdentityAssociation and the calls that describe, update, delete and "
    "list associations are missing.",
)
def clusters_have_pod_identity_associations() -> None:
    serve(ASSOCIATIONS, ASSOCIATIONS + "/(?P<associationId>[^/]+)")

    def association_of(response: Any) -> dict[str, Any]:
        identity = response._get_param("associationId")
        message = f"No pod identity association found for: {identity}"
        return find(cluster_of(response), "pod_identities", identity, message)

    @add(EKSResponse)
    def create_pod_identity_association(self: Any) -> ActionResult:
        cluster = cluster_of(self)
        identity = "a-" + random.get_random_hex(17)
        association = {
            "clusterName": cluster.name,
            "associationId": identity,
            "associationArn": arn_of(cluster, "podidentityassociation", identity),
            "tags": {},
            **stamps(),
            **given(self, "namespace", "serviceAccount", "roleArn", "tags"),
        }
        kept(cluster, "pod_identities")[identity] = association
        return ActionResult({"association": association})

    @add(EKSResponse)
    def describe_pod_identity_association(self: Any) -> ActionResult:
        return ActionResult({"association": association_of(self)})

    @add(EKSResponse)
    def update_pod_identity_association(self: Any) -> ActionResult:
        association = association_of(self)
        association.update(given(self, "roleArn"), modifiedAt=utcnow())
        return ActionResult({"association": association})

    @add(EKSResponse)
    def delete_pod_identity_association(self: Any) -> ActionResult:
        association = association_of(self)
        del kept(cluster_of(self), "pod_identities")[association["associationId"]]
        return ActionResult({"association": association})

    @add(EKSResponse)
    def list_pod_identity_associations(self: Any) -> ActionResult:
        namespace, account = self._get_param("namespace"), self._get_param("serviceAccount")
        listed = [
            association
            for association in kept(cluster_of(self), "pod_identities").values()
            if namespace in (None, association["namespace"])
            and account in (None, association["serviceAccount"])
        ]
        return ActionResult({"associations": listed})
