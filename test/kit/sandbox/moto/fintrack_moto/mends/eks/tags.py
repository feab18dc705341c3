"""Mends of tags in EKS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.models import EKSBackend

from ...patching import override
from ...registry import mend
from .shared import kept


@mend(
    "eks",
    "TagResource, UntagResource and ListTagsForResource know clusters only; the "
    "provider sends them for node groups, add-ons, access entries and the rest.",
)
def everything_in_a_cluster_has_tags() -> None:
    def all_tags(backend: EKSBackend) -> Iterator[tuple[str, dict[str, str]]]:
        for cluster in backend.clusters.values():
            yield cluster.arn, cluster.tags
            for group in cluster.nodegroups.values():
                yield group.arn, group.tags
            for profile in cluster.fargate_profiles.values():
                yield profile.fargate_profile_arn, profile.tags
            for kind, arn in (
                ("addons", "addonArn"),
                ("access_entries", "accessEntryArn"),
                ("pod_identities", "associationArn"),
            ):
                for thing in kept(cluster, kind).values():
                    yield thing[arn], thing["tags"]

    def tags_of(backend: EKSBackend, resource_arn: str) -> dict[str, str]:
        for arn, tags in all_tags(backend):
            if arn == resource_arn:
                return tags
        raise ResourceNotFoundException(message=f"Resource was not found: {resource_arn}")

    @override(EKSBackend)
    def tag_resource(original: Any, self: Any, resource_arn: str, tags: dict[str, str]) -> None:
        tags_of(self, resource_arn).update(tags)

    @override(EKSBackend)
    def untag_resource(original: Any, self: Any, resource_arn: str, tag_keys: Any) -> None:
        found = tags_of(self, resource_arn)
        for key in tag_keys if isinstance(tag_keys, list) else [tag_keys]:
            found.pop(key, None)

    @override(EKSBackend)
    def list_tags_for_resource(original: Any, self: Any, resource_arn: str) -> dict[str, str]:
        return tags_of(self, resource_arn)
