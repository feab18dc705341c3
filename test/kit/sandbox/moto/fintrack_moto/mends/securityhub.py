"""Mends of Security Hub: hub settings and standards."""

from __future__ import annotations

import json
from typing import Any

from moto.securityhub import urls
from moto.securityhub.models import SecurityHubBackend
from moto.securityhub.responses import SecurityHubResponse

from ..patching import add, override, state_of
from ..registry import mend

STANDARDS = {
    "aws-foundational-security-best-practices/v/1.0.0": "AWS Foundational Security Best Practices v1.0.0",
    "cis-aws-foundations-benchmark/v/1.4.0": "CIS AWS Foundations Benchmark v1.4.0",
    "cis-aws-foundations-benchmark/v/3.0.0": "CIS AWS Foundations Benchmark v3.0.0",
    "nist-800-53/v/5.0.0": "NIST Special Publication 800-53 Revision 5",
    "pci-dss/v/3.2.1": "PCI DSS v3.2.1",
    "pci-dss/v/4.0.1": "PCI DSS v4.0.1",
}
CIS_1_2 = "cis-aws-foundations-benchmark/v/1.2.0"
ENABLED_BY_DEFAULT = ("aws-foundational-security-best-practices/v/1.0.0", CIS_1_2)


def serve(path: str) -> None:
    urls.url_paths["{0}" + path + "$"] = SecurityHubResponse.dispatch


@mend(
    "securityhub",
    "UpdateSecurityHubConfiguration is missing; the provider sends it right after "
    "the hub is enabled.",
)
def hub_settings_can_be_changed() -> None:
    @add(SecurityHubResponse)
    def update_security_hub_configuration(self: Any) -> str:
        settings = state_of(self.securityhub_backend, "settings")
        for name in ("AutoEnableControls", "ControlFindingGenerator"):
            if self._get_param(name) is not None:
                settings[name] = self._get_param(name)
        return "{}"

    @override(SecurityHubBackend)
    def describe_hub(original: Any, self: Any, hub_arn: str | None = None) -> dict[str, Any]:
        return {**original(self, hub_arn), **state_of(self, "settings")}

    @override(SecurityHubBackend)
    def disable_security_hub(original: Any, self: Any) -> dict[str, Any]:
        state_of(self, "settings").clear()
        return original(self)


@mend(
    "securityhub",
    "DescribeStandards, GetEnabledStandards, BatchEnableStandards and "
    "BatchDisableStandards are missing.",
)
def standards_can_be_enabled() -> None:
    serve("/standards")
    serve("/standards/get")
    serve("/standards/register")
    serve("/standards/deregister")

    def standard_arn(backend: SecurityHubBackend, standard: str) -> str:
        if standard == CIS_1_2:
            return f"arn:{backend.partition}:securityhub:::ruleset/{standard}"
        return f"arn:{backend.partition}:securityhub:{backend.region_name}::standards/{standard}"

    def enable(backend: SecurityHubBackend, arn: str, inputs: dict[str, str]) -> dict[str, Any]:
        name = arn.split("/", 1)[1]
        where = f"{backend.region_name}:{backend.account_id}"
        subscription = {
            "StandardsArn": arn,
            "StandardsSubscriptionArn": f"arn:{backend.partition}:securityhub:{where}:subscription/{name}",
            "StandardsInput": inputs,
            "StandardsStatus": "READY",
            "StandardsControlsUpdatable": "READY_FOR_UPDATES",
        }
        state_of(backend, "standards")[subscription["StandardsSubscriptionArn"]] = subscription
        return subscription

    @override(SecurityHubBackend)
    def enable_security_hub(
        original: Any, self: Any, enable_default_standards: bool = True, tags: Any = None
    ) -> dict[str, Any]:
        newly = not self.enabled
        answer = original(self, enable_default_standards, tags)
        if newly and enable_default_standards:
            for standard in ENABLED_BY_DEFAULT:
                enable(self, standard_arn(self, standard), {})
        return answer

    @override(SecurityHubBackend)
    def disable_security_hub(original: Any, self: Any) -> dict[str, Any]:
        answer = original(self)
        state_of(self, "standards").clear()
        return answer

    @add(SecurityHubResponse)
    def describe_standards(self: Any) -> str:
        backend = self.securityhub_backend
        known = {**STANDARDS, CIS_1_2: "CIS AWS Foundations Benchmark v1.2.0"}
        listed = [
            {
                "StandardsArn": standard_arn(backend, standard),
                "Name": name,
                "Description": name,
                "EnabledByDefault": standard in ENABLED_BY_DEFAULT,
            }
            for standard, name in known.items()
        ]
        return json.dumps({"Standards": listed})

    @add(SecurityHubResponse)
    def get_enabled_standards(self: Any) -> str:
        self.securityhub_backend.describe_hub()
        wanted = self._get_param("StandardsSubscriptionArns")
        enabled = state_of(self.securityhub_backend, "standards")
        listed = [found for arn, found in enabled.items() if not wanted or arn in wanted]
        return json.dumps({"StandardsSubscriptions": listed})

    @add(SecurityHubResponse)
    def batch_enable_standards(self: Any) -> str:
        self.securityhub_backend.describe_hub()
        requests = self._get_param("StandardsSubscriptionRequests")
        answered = [
            enable(self.securityhub_backend, request["StandardsArn"], request.get("StandardsInput") or {})
            for request in requests
        ]
        return json.dumps({"StandardsSubscriptions": answered})

    @add(SecurityHubResponse)
    def batch_disable_standards(self: Any) -> str:
        enabled = state_of(self.securityhub_backend, "standards")
        arns = self._get_param("StandardsSubscriptionArns")
        disabled = [enabled.pop(arn) for arn in arns if arn in enabled]
        answered = [{**subscription, "StandardsStatus": "DELETING"} for subscription in disabled]
        return json.dumps({"StandardsSubscriptions": answered})
