from __future__ import annotations

from typing import Any

from .support import ACCOUNT, MendTest, client, proves

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/app"
MANAGED_CACHING = "658327ea-f89d-4fab-a63d-7e88639e58f6"


class CloudFrontTest(MendTest):
    def setUp(self) -> None:
        super().setUp()
        self.cloudfront = client("cloudfront")

    def config(self, behaviour: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        return {
            "CallerReference": "tests",
            "Comment": "the web app",
            "Enabled": True,
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "s3",
                        "DomainName": "app.s3.us-east-1.amazonaws.com",
                        "OriginAccessControlId": "E2OAC",
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "s3",
                "ViewerProtocolPolicy": "redirect-to-https",
                "CachePolicyId": MANAGED_CACHING,
                **(behaviour or {}),
            },
            **more,
        }

    def create(self, behaviour: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        made = self.cloudfront.create_distribution(
            DistributionConfig=self.config(behaviour, **more)
        )
        return self.described(made["Distribution"]["Id"])

    def described(self, distribution: str) -> dict[str, Any]:
        return self.cloudfront.get_distribution(Id=distribution)["Distribution"]


class DistributionTest(CloudFrontTest):
    @proves("cloudfront.origins_keep_their_access_control")
    def test_an_origin_keeps_its_access_control(self) -> None:
        origin = self.create()["DistributionConfig"]["Origins"]["Items"][0]
        self.assertEqual("E2OAC", origin["OriginAccessControlId"])

    @proves("cloudfront.behaviours_with_a_cache_policy_forward_no_values")
    def test_a_behaviour_with_a_cache_policy_forwards_no_values(self) -> None:
        self.assertNotIn("ForwardedValues", self.create()["DistributionConfig"]["DefaultCacheBehavior"])

    @proves("cloudfront.behaviours_keep_their_functions")
    def test_a_behaviour_keeps_its_functions(self) -> None:
        functions = {
            "Quantity": 1,
            "Items": [
                {
                    "FunctionARN": "arn:aws:cloudfront::123456789012:function/spa",
                    "EventType": "viewer-request",
                }
            ],
        }
        found = self.create({"FunctionAssociations": functions})
        self.assertEqual(
            functions, found["DistributionConfig"]["DefaultCacheBehavior"]["FunctionAssociations"]
        )

    @proves("cloudfront.viewer_certificates_tell_where_they_come_from")
    def test_a_distribution_with_an_acm_certificate_does_not_use_the_default_one(self) -> None:
        found = self.create(
            ViewerCertificate={
                "ACMCertificateArn": CERTIFICATE,
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "TLSv1.2_2021",
            }
        )["DistributionConfig"]["ViewerCertificate"]
        self.assertIs(False, found["CloudFrontDefaultCertificate"])
        self.assertEqual(("acm", CERTIFICATE), (found["CertificateSource"], found["Certificate"]))

    @proves("cloudfront.an_update_changes_the_etag")
    def test_an_update_changes_the_etag(self) -> None:
        made = self.cloudfront.create_distribution(DistributionConfig=self.config())
        updated = self.cloudfront.update_distribution(
            Id=made["Distribution"]["Id"],
            IfMatch=made["ETag"],
            DistributionConfig=self.config(Enabled=False),
        )
        self.assertNotEqual(made["ETag"], updated["ETag"])

    @proves("cloudfront.enabled_distributions_are_not_deleted")
    def test_an_enabled_distribution_is_not_deleted(self) -> None:
        name = {"Id": self.create()["Id"], "IfMatch": "etag"}
        self.assert_refused(
            "DistributionNotDisabled", self.cloudfront.delete_distribution, **name
        )
        self.cloudfront.update_distribution(**name, DistributionConfig=self.config(Enabled=False))
        self.cloudfront.delete_distribution(**name)
        self.assertNotIn("Items", self.cloudfront.list_distributions()["DistributionList"])

    @proves("cloudfront.summaries_tell_what_a_distribution_is")
    def test_a_distribution_is_found_by_its_comment(self) -> None:
        self.create()
        listed = self.cloudfront.list_distributions()["DistributionList"]["Items"]
        self.assertEqual(
            [("the web app", True)], [(found["Comment"], found["Enabled"]) for found in listed]
        )

    @proves("cloudfront.arns_have_a_place_for_the_region")
    def test_the_arn_of_a_distribution_has_an_empty_place_for_the_region(self) -> None:
        found = self.create()
        self.assertEqual(f"arn:aws:cloudfront::{ACCOUNT}:distribution/{found['Id']}", found["ARN"])


class PolicyTest(CloudFrontTest):
    def round_trip(self, kind: str, member: str, config: dict[str, Any], listing: str) -> None:
        """A policy is made, read, changed, listed and deleted."""
        call = self.cloudfront
        created = getattr(call, f"create_{kind}")(**{f"{member}Config": config})
        name = {"Id": created[member]["Id"]}
        found = getattr(call, f"get_{kind}_config")(**name)
        self.assertEqual(config, found[f"{member}Config"])
        changed = {**config, "Comment": "changed"}
        getattr(call, f"update_{kind}")(
            **name, IfMatch=created["ETag"], **{f"{member}Config": changed}
        )
        found = getattr(call, f"get_{kind}")(**name)
        self.assertEqual(changed, found[member][f"{member}Config"])
        self.assertNotEqual(created["ETag"], found["ETag"])
        listed = getattr(call, f"list_{listing}")(Type="custom")[f"{member}List"]["Items"]
        self.assertEqual([name["Id"]], [one[member]["Id"] for one in listed])
        getattr(call, f"delete_{kind}")(**name, IfMatch=found["ETag"])
        self.assert_refused(f"NoSuch{member}", getattr(call, f"get_{kind}"), **name)

    @proves("cloudfront.cache_policies_exist")
    def test_a_cache_policy_is_kept_until_it_is_deleted(self) -> None:
        self.round_trip(
            "cache_policy", "CachePolicy", self.cache_policy(), "cache_policies"
        )

    @staticmethod
    def cache_policy() -> dict[str, Any]:
        return {
            "Name": "spa",
            "Comment": "tests",
            "DefaultTTL": 3600,
            "MaxTTL": 86400,
            "MinTTL": 0,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": True,
                "EnableAcceptEncodingBrotli": True,
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
        }

    @proves("cloudfront.cache_policies_exist")
    def test_a_policy_in_use_is_not_deleted(self) -> None:
        made = self.cloudfront.create_cache_policy(CachePolicyConfig=self.cache_policy())
        name = {"Id": made["CachePolicy"]["Id"], "IfMatch": made["ETag"]}
        self.create({"CachePolicyId": name["Id"]})
        self.assert_refused("CachePolicyInUse", self.cloudfront.delete_cache_policy, **name)

    @proves("cloudfront.cache_policies_exist")
    def test_two_policies_cannot_have_one_name(self) -> None:
        given = {"CachePolicyConfig": self.cache_policy()}
        self.cloudfront.create_cache_policy(**given)
        self.assert_refused(
            "CachePolicyAlreadyExists", self.cloudfront.create_cache_policy, **given
        )

    @proves("cloudfront.response_headers_policies_exist")
    def test_a_response_headers_policy_is_kept_until_it_is_deleted(self) -> None:
        self.round_trip(
            "response_headers_policy",
            "ResponseHeadersPolicy",
            {
                "Name": "security",
                "Comment": "tests",
                "SecurityHeadersConfig": {
                    "StrictTransportSecurity": {
                        "Override": True,
                        "IncludeSubdomains": True,
                        "Preload": True,
                        "AccessControlMaxAgeSec": 63072000,
                    },
                    "FrameOptions": {"Override": True, "FrameOption": "DENY"},
                    "ContentTypeOptions": {"Override": True},
                },
            },
            "response_headers_policies",
        )

    @proves("cloudfront.origin_request_policies_exist")
    def test_an_origin_request_policy_is_kept_until_it_is_deleted(self) -> None:
        self.round_trip(
            "origin_request_policy",
            "OriginRequestPolicy",
            {
                "Name": "cors",
                "Comment": "tests",
                "HeadersConfig": {
                    "HeaderBehavior": "whitelist",
                    "Headers": {"Quantity": 1, "Items": ["Origin"]},
                },
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
            "origin_request_policies",
        )


class InvalidationTest(CloudFrontTest):
    @proves("cloudfront.invalidations_complete_as_aws_says_it")
    def test_an_invalidation_is_completed_as_the_waiter_expects(self) -> None:
        distribution = self.create()["Id"]
        batch = {"CallerReference": "one", "Paths": {"Quantity": 1, "Items": ["/index.html"]}}
        made = self.cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
        self.assertEqual("Completed", made["Invalidation"]["Status"])
        asked = {"DistributionId": distribution, "Id": made["Invalidation"]["Id"]}
        self.cloudfront.get_waiter("invalidation_completed").wait(
            **asked, WaiterConfig={"Delay": 1, "MaxAttempts": 1}
        )
        self.assertEqual("Completed", self.cloudfront.get_invalidation(**asked)["Invalidation"]["Status"])
