"""CloudFront's three kinds of policies, which moto does not have.

They differ in names only, so one set of calls serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.cloudfront import urls
from moto.cloudfront.exceptions import CloudFrontException
from moto.cloudfront.models import CloudFrontBackend, random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random as random

from ...patching import add, state_of
from ...registry import mend

BASE = "{0}/2020-05-31/"


@dataclass(frozen=True)
class Kind:
    """One kind of policy: its name in paths, in calls and in the API's members."""

    path: str
    name: str
    member: str
    plural: str

    @property
    def config(self) -> str:
        return f"{self.member}Config"

    @property
    def reference(self) -> str:
        """The attribute of a cache behaviour that refers to such a policy."""
        return f"{self.name}_id"


CACHE = Kind("cache-policy", "cache_policy", "CachePolicy", "cache_policies")
HEADERS = Kind(
    "response-headers-policy",
    "response_headers_policy",
    "ResponseHeadersPolicy",
    "response_headers_policies",
)
ORIGIN = Kind(
    "origin-request-policy", "origin_request_policy", "OriginRequestPolicy", "origin_request_policies"
)


@mend(
    "cloudfront",
    "CreateCachePolicy and the calls that get, update, delete and list cache policies "
    "are missing.",
)
def cache_policies_exist() -> None:
    serve(CACHE)


@mend(
    "cloudfront",
    "CreateResponseHeadersPolicy and the calls that get, update, delete and list "
    "response headers policies are missing.",
)
def response_headers_policies_exist() -> None:
    serve(HEADERS)


@mend(
    "cloudfront",
    "CreateOriginRequestPolicy and the calls that get, update, delete and list origin "
    "request policies are missing.",
)
def origin_request_policies_exist() -> None:
    serve(ORIGIN)


def serve(kind: Kind) -> None:
    """Add the calls of one kind of policy to CloudFront's responses."""
    for path in ("$", "/(?P<policy_id>[^/]+)$", "/(?P<policy_id>[^/]+)/config$"):
        urls.url_paths[BASE + kind.path + path] = CloudFrontResponse.dispatch

    def policies_of(response: Any) -> dict[str, dict[str, Any]]:
        return state_of(response.backend, kind.name)

    def policy_of(response: Any) -> dict[str, Any]:
        policy_id = response._get_param("Id")
        policies = policies_of(response)
        if policy_id not in policies:
            raise CloudFrontException(
                f"NoSuch{kind.member}", f"The specified {kind.path} does not exist."
            )
        return policies[policy_id]

    def set_config(response: Any, policy: dict[str, Any]) -> None:
        config = response._get_param(kind.config)
        for other in policies_of(response).values():
            if other["Id"] != policy["Id"] and other[kind.config]["Name"] == config["Name"]:
                raise CloudFrontException(
                    f"{kind.member}AlreadyExists", f"A {kind.path} with this name already exists."
                )
        policy.update({kind.config: config, "LastModifiedTime": utcnow(), "ETag": random_id()})

    def answer(policy: dict[str, Any]) -> ActionResult:
        location = f"https://cloudfront.amazonaws.com/2020-05-31/{kind.path}/{policy['Id']}"
        return ActionResult({kind.member: policy, "ETag": policy["ETag"], "Location": location})

    def create(self: Any) -> ActionResult:
        policy: dict[str, Any] = {"Id": str(random.uuid4())}
        set_config(self, policy)
        policies_of(self)[policy["Id"]] = policy
        return answer(policy)

    def get(self: Any) -> ActionResult:
        return answer(policy_of(self))

    def get_config(self: Any) -> ActionResult:
        policy = policy_of(self)
        return ActionResult({kind.config: policy[kind.config], "ETag": policy["ETag"]})

    def update(self: Any) -> ActionResult:
        policy = policy_of(self)
        set_config(self, policy)
        return answer(policy)

    def delete(self: Any) -> ActionResult:
        policy = policy_of(self)
        if is_used(self.backend, kind, policy["Id"]):
            raise CloudFrontException(
                f"{kind.member}InUse", f"The {kind.path} is attached to a distribution."
            )
        del policies_of(self)[policy["Id"]]
        return EmptyResult()

    def list_all(self: Any) -> ActionResult:
        listed = policies_of(self).values() if self._get_param("Type") != "managed" else []
        items = [{"Type": "custom", kind.member: policy} for policy in listed]
        listing = {"MaxItems": 100, "Quantity": len(items), "Items": items}
        return ActionResult({f"{kind.member}List": listing})

    calls: dict[str, Callable[[Any], ActionResult]] = {
        f"create_{kind.name}": create,
        f"get_{kind.name}": get,
        f"get_{kind.name}_config": get_config,
        f"update_{kind.name}": update,
        f"delete_{kind.name}": delete,
        f"list_{kind.plural}": list_all,
    }
    for name, call in calls.items():
        call.__name__ = name
        add(CloudFrontResponse)(call)


def is_used(backend: CloudFrontBackend, kind: Kind, policy_id: str) -> bool:
    """Whether a behaviour of any distribution refers to the policy."""
    for distribution in backend.distributions.values():
        config = distribution.distribution_config
        behaviours = [config.DefaultCacheBehavior, *(config.CacheBehaviors.get("Items") or [])]
        if any(getattr(behaviour, kind.reference, None) == policy_id for behaviour in behaviours):
            return True
    return False
