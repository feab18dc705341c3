"""What the EKS mends have in common: finding things, errors, routes."""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow
from moto.eks import urls
from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.models import Cluster
from moto.moto_api._internal import mock_random as random

from ...patching import state_of


def cluster_of(response: Any) -> Cluster:
    """The cluster that the request's path names."""
    return response.eks_backend.describe_cluster(name=response._get_param("name"))


def given(response: Any, *names: str) -> dict[str, Any]:
    """Those of the named request members that were sent."""
    found = {name: response._get_param(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def kept(cluster: Cluster, kind: str) -> dict[str, Any]:
    """The things of one kind (``addons``) that the mends keep on a cluster."""
    return state_of(cluster, kind)


def find(cluster: Cluster, kind: str, key: str, message: str) -> Any:
    """One of the things kept on a cluster, or ResourceNotFoundException."""
    things = kept(cluster, kind)
    if key not in things:
        raise ResourceNotFoundException(clusterName=cluster.name, message=message)
    return things[key]


def arn_of(cluster: Cluster, kind: str, *parts: str) -> str:
    """The ARN of something that belongs to a cluster."""
    return "/".join([cluster.arn.replace(":cluster/", f":{kind}/"), *parts])


def stamps() -> dict[str, Any]:
    moment = utcnow()
    return {"createdAt": moment, "modifiedAt": moment}


def record_update(cluster: Cluster, kind: str, params: dict[str, Any]) -> dict[str, Any]:
    """Note a finished update, so that DescribeUpdate can answer it."""
    update = {
        "id": str(random.uuid4()),
        "status": "Successful",
        "type": kind,
        "params": [{"type": name, "value": str(value)} for name, value in params.items()],
        "createdAt": utcnow(),
        "errors": [],
    }
    kept(cluster, "updates")[update["id"]] = update
    return update


def serve(*paths: str) -> None:
    """Let moto's server hand requests for these paths to the EKS responses."""
    for path in paths:
        urls.url_paths["{0}" + path + "$"] = urls.response.dispatch
