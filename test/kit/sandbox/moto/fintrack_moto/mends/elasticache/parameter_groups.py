"""ElastiCache parameter groups, which moto does not have."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from ...patching import add, state_of
from ...registry import mend
from . import errors

DEFAULT_GROUP = re.compile(r"default\.(?P<family>[a-z]+[\d.]*?)(?P<cluster>\.cluster\.on)?")


def groups_of(backend: ElastiCacheBackend) -> dict[str, dict[str, Any]]:
    return state_of(backend, "parameter_groups")


def group_named(backend: ElastiCacheBackend, name: str) -> dict[str, Any]:
    """A parameter group, or one of the default groups that every account has."""
    found = groups_of(backend).get(name) or default_group(backend, name)
    if found is None:
        raise errors.ParameterGroupNotFound(name=name)
    return found


def default_group(backend: ElastiCacheBackend, name: str) -> dict[str, Any] | None:
    match = DEFAULT_GROUP.fullmatch(name or "")
    if not match:
        return None
    family = match["family"]
    group = new_group(backend, name, family, f"Default parameter group for {family}")
    if match["cluster"]:
        group["Parameters"]["cluster-enabled"] = "yes"
    return group


def new_group(
    backend: ElastiCacheBackend, name: str, family: str, description: str
) -> dict[str, Any]:
    where = f"{backend.region_name}:{backend.account_id}"
    return {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": family,
        "Description": description,
        "ARN": f"arn:{backend.partition}:elasticache:{where}:parametergroup:{name}",
        "IsGlobal": False,
        "Parameters": {},
    }


def turns_cluster_mode_on(backend: ElastiCacheBackend, name: str | None) -> bool:
    """Whether the parameter group of that name has cluster-enabled set to yes."""
    group = groups_of(backend).get(name or "") or default_group(backend, name or "")
    return bool(group) and group["Parameters"].get("cluster-enabled") == "yes"


@mend(
    "elasticache",
    "CreateCacheParameterGroup and the calls that describe, modify, reset and "
    "delete parameter groups are missing.",
)
def parameter_groups_exist() -> None:
    @add(ElastiCacheResponse)
    def create_cache_parameter_group(self: Any) -> ActionResult:
        backend, name = self.elasticache_backend, self._get_param("CacheParameterGroupName")
        if name in groups_of(backend):
            raise errors.ParameterGroupExists(name=name)
        group = new_group(
            backend,
            name,
            self._get_param("CacheParameterGroupFamily"),
            self._get_param("Description"),
        )
        groups_of(backend)[name] = group
        backend.tagging_service.tag_resource(group["ARN"], self._get_param("Tags") or [])
        return ActionResult({"CacheParameterGroup": group})

    @add(ElastiCacheResponse)
    def describe_cache_parameter_groups(self: Any) -> ActionResult:
        backend, name = self.elasticache_backend, self._get_param("CacheParameterGroupName")
        listed = [group_named(backend, name)] if name else list(groups_of(backend).values())
        return ActionResult({"CacheParameterGroups": listed})

    @add(ElastiCacheResponse)
    def describe_cache_parameters(self: Any) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        changed = group_named(self.elasticache_backend, name)["Parameters"]
        listed = [
            {"ParameterName": key, "ParameterValue": value, "Source": "user", "IsModifiable": True}
            for key, value in changed.items()
        ]
        wanted = self._get_param("Source") in (None, "user")
        return ActionResult({"Parameters": listed if wanted else []})

    @add(ElastiCacheResponse)
    def modify_cache_parameter_group(self: Any) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        group = group_named(self.elasticache_backend, name)
        for parameter in self._get_param("ParameterNameValues") or []:
            group["Parameters"][parameter["ParameterName"]] = parameter["ParameterValue"]
        return ActionResult({"CacheParameterGroupName": name})

    @add(ElastiCacheResponse)
    def reset_cache_parameter_group(self: Any) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        parameters = group_named(self.elasticache_backend, name)["Parameters"]
        if self._get_param("ResetAllParameters"):
            parameters.clear()
        for parameter in self._get_param("ParameterNameValues") or []:
            parameters.pop(parameter["ParameterName"], None)
        return ActionResult({"CacheParameterGroupName": name})

    @add(ElastiCacheResponse)
    def delete_cache_parameter_group(self: Any) -> ActionResult:
        backend, name = self.elasticache_backend, self._get_param("CacheParameterGroupName")
        group = group_named(backend, name)
        users = [*backend.replication_groups.values(), *backend.cache_clusters.values()]
        if any(user.cache_parameter_group_name == name for user in users):
            raise errors.ParameterGroupInUse(name=name)
        groups_of(backend).pop(name, None)
        backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
        return EmptyResult()
