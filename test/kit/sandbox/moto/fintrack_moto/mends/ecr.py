"""Mends of ECR: pull-through cache rules, tags that are final."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecr.exceptions import ImageAlreadyExistsException
from moto.ecr.models import ECRBackend
from moto.ecr.responses import ECRResponse

from ..patching import add, override, state_of
from ..registry import mend

CHANGEABLE = ("credentialArn", "customRoleArn")
GIVEN = ("ecrRepositoryPrefix", "upstreamRegistryUrl", "upstreamRegistry", "upstreamRepositoryPrefix")


class RuleNotFound(ServiceException):
    code = "PullThroughCacheRuleNotFoundException"
    message = "The pull through cache rule with prefix '{prefix}' does not exist"


class RuleExists(ServiceException):
    code = "PullThroughCacheRuleAlreadyExistsException"
    message = "A pull through cache rule with prefix '{prefix}' already exists"


@mend(
    "ecr",
    "CreatePullThroughCacheRule and the calls that describe, update and delete such "
    "rules are missing.",
)
def registries_have_pull_through_cache_rules() -> None:
    def rules_of(backend: ECRBackend) -> dict[str, dict[str, Any]]:
        return state_of(backend, "pull_through_cache_rules")

    def rule_of(response: Any) -> dict[str, Any]:
        prefix = response._get_param("ecrRepositoryPrefix")
        rules = rules_of(response.ecr_backend)
        if prefix not in rules:
            raise RuleNotFound(prefix=prefix)
        return rules[prefix]

    def given(response: Any, names: tuple[str, ...]) -> dict[str, Any]:
        sent = {name: response._get_param(name) for name in names}
        return {name: value for name, value in sent.items() if value is not None}

    @add(ECRResponse)
    def create_pull_through_cache_rule(self: Any) -> ActionResult:
        rules, prefix = rules_of(self.ecr_backend), self._get_param("ecrRepositoryPrefix")
        if prefix in rules:
            raise RuleExists(prefix=prefix)
        rules[prefix] = {
            "registryId": self.current_account,
            "createdAt": utcnow(),
            "updatedAt": utcnow(),
            **given(self, GIVEN + CHANGEABLE),
        }
        return ActionResult(rules[prefix])

    @add(ECRResponse)
    def describe_pull_through_cache_rules(self: Any) -> ActionResult:
        rules = rules_of(self.ecr_backend)
        wanted = self._get_param("ecrRepositoryPrefixes") or list(rules)
        for prefix in wanted:
            if prefix not in rules:
                raise RuleNotFound(prefix=prefix)
        return ActionResult({"pullThroughCacheRules": [rules[prefix] for prefix in wanted]})

    @add(ECRResponse)
    def update_pull_through_cache_rule(self: Any) -> ActionResult:
        rule = rule_of(self)
        rule.update(given(self, CHANGEABLE), updatedAt=utcnow())
        return ActionResult(rule)

    @add(ECRResponse)
    def delete_pull_through_cache_rule(self: Any) -> ActionResult:
        rule = rule_of(self)
        del rules_of(self.ecr_backend)[rule["ecrRepositoryPrefix"]]
        return ActionResult(rule)


class TagExists(ServiceException):
    code = "ImageTagAlreadyExistsException"
    message = (
        "The image tag '{tag}' already exists in the '{repository}' repository and cannot be "
        "overwritten because the tag is immutable."
    )


@mend(
    "ecr",
    "PutImage of another image under a final tag answers that the image exists, where ECR "
    "answers that the tag does (PutImage: ImageTagAlreadyExistsException).",
)
def a_final_tag_is_refused_by_its_own_error() -> None:
    @override(ECRBackend)
    def put_image(
        original: Any, self: ECRBackend, repository_name: str, *args: Any, **kwargs: Any
    ) -> Any:
        given = dict(zip(("image_manifest", "image_tag"), args, strict=False)) | kwargs
        try:
            return original(self, repository_name, *args, **kwargs)
        except ImageAlreadyExistsException:
            known = {image.image_manifest for image in self.repositories[repository_name].images}
            if given["image_manifest"] in known:
                raise
            tag = given["image_tag"]
            raise TagExists(tag=tag, repository=repository_name) from None
