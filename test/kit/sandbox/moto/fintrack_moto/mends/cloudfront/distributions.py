"""Mends of CloudFront distributions."""

from __future__ import annotations

from typing import Any

from moto.cloudfront.exceptions import CloudFrontException
from moto.cloudfront.models import (
    CloudFrontBackend,
    DefaultCacheBehaviour,
    Distribution,
    Origin,
    ViewerCertificate,
    random_id,
)
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult

from ...patching import override
from ...registry import mend

# What a summary in ListDistributions tells of the configuration.
SUMMARY = (
    "Aliases",
    "Origins",
    "OriginGroups",
    "DefaultCacheBehavior",
    "CacheBehaviors",
    "CustomErrorResponses",
    "Comment",
    "PriceClass",
    "Enabled",
    "ViewerCertificate",
    "Restrictions",
    "WebACLId",
    "HttpVersion",
    "IsIPV6Enabled",
)


@mend(
    "cloudfront",
    "CreateDistribution: an origin's OriginAccessControlId is dropped, so whether the "
    "bucket is read by OAC cannot be told.",
)
def origins_keep_their_access_control() -> None:
    @override(Origin)
    def __init__(original: Any, self: Any, origin: dict[str, Any]) -> None:
        original(self, origin)
        self.origin_access_control_id = origin.get("OriginAccessControlId") or ""


@mend(
    "cloudfront",
    "GetDistribution: a behaviour with a cache policy is answered with ForwardedValues "
    "too, which AWS never has together, so aws_cloudfront_distribution drifts.",
)
def behaviours_with_a_cache_policy_forward_no_values() -> None:
    @override(DefaultCacheBehaviour)
    def __init__(original: Any, self: Any, config: dict[str, Any]) -> None:
        original(self, config)
        if self.cache_policy_id:
            self.forwarded_values = None


@mend(
    "cloudfront",
    "CreateDistribution: the functions and Lambda functions of a behaviour are dropped.",
)
def behaviours_keep_their_functions() -> None:
    @override(DefaultCacheBehaviour)
    def __init__(original: Any, self: Any, config: dict[str, Any]) -> None:
        original(self, config)
        self.function_associations = config.get("FunctionAssociations") or {"Quantity": 0}
        self.lambda_function_associations = config.get("LambdaFunctionAssociations") or {
            "Quantity": 0
        }


@mend(
    "cloudfront",
    "GetDistribution: a distribution with an ACM certificate is said to use "
    "CloudFront's own, so aws_cloudfront_distribution drifts.",
)
def viewer_certificates_tell_where_they_come_from() -> None:
    @override(ViewerCertificate)
    def __init__(original: Any, self: Any, config: dict[str, Any]) -> None:
        original(self, config)
        if self.acm_certificate_arn:
            self.cloud_front_default_certificate = False
            self.certificate, self.certificate_source = self.acm_certificate_arn, "acm"
        elif self.iam_certificate_id:
            self.cloud_front_default_certificate = False
            self.certificate, self.certificate_source = self.iam_certificate_id, "iam"
        else:
            self.ssl_support_method = config.get("SSLSupportMethod") or "vip"


@mend(
    "cloudfront",
    "UpdateDistribution: the ETag stays the same, so a stale one is never noticed.",
)
def an_update_changes_the_etag() -> None:
    @override(CloudFrontBackend)
    def update_distribution(original: Any, self: Any, **kwargs: Any) -> Any:
        distribution, location, _ = original(self, **kwargs)
        distribution.etag = random_id()
        return distribution, location, distribution.etag


class DistributionNotDisabled(CloudFrontException):
    code = "DistributionNotDisabled"
    message = "The distribution you are trying to delete has not been disabled."


@mend(
    "cloudfront",
    "DeleteDistribution: an enabled distribution is deleted, which AWS refuses.",
)
def enabled_distributions_are_not_deleted() -> None:
    @override(CloudFrontBackend)
    def delete_distribution(
        original: Any, self: Any, distribution_id: str, if_match: bool
    ) -> None:
        found = self.distributions.get(distribution_id)
        if found is not None and found.distribution_config.Enabled:
            raise DistributionNotDisabled()
        original(self, distribution_id, if_match)


@mend(
    "cloudfront",
    "ListDistributions: comment, aliases, state and origins are left out of the "
    "summaries, so a distribution cannot be found by its name.",
)
def summaries_tell_what_a_distribution_is() -> None:
    @override(CloudFrontResponse)
    def list_distributions(original: Any, self: Any) -> ActionResult:
        answer = original(self)
        listed = answer.result["DistributionList"]
        listed["Items"] = [summary(found) for found in listed["Items"] or []] or None
        return answer

    def summary(distribution: Distribution) -> dict[str, Any]:
        config = vars(distribution.distribution_config)
        return {
            "Id": distribution.id,
            "ARN": distribution.arn,
            "ETag": distribution.etag,
            "Status": distribution.status,
            "LastModifiedTime": distribution.last_modified_time,
            "DomainName": distribution.domain_name,
            "Staging": False,
            **{name: config.get(name) for name in SUMMARY},
        }


@mend(
    "cloudfront",
    "CreateDistribution: the ARN lacks the empty field for the Region (arn:aws:cloudfront:<account>), "
    "so the provider refuses it wherever an ARN is checked.",
)
def arns_have_a_place_for_the_region() -> None:
    @override(Distribution)
    def __init__(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.arn = self.arn.replace(":cloudfront:", ":cloudfront::", 1)
