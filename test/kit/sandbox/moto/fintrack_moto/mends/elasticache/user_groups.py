"""ElastiCache user groups and the change of users, which moto does not have."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import UserNotFound
from moto.elasticache.models import ElastiCacheBackend, User
from moto.elasticache.responses import ElastiCacheResponse

from ...patching import add, state_of
from ...registry import mend
from . import errors


def groups_of(backend: ElastiCacheBackend) -> dict[str, dict[str, Any]]:
    return state_of(backend, "user_groups")


@mend(
    "elasticache",
    "CreateUserGroup, DescribeUserGroups, ModifyUserGroup and DeleteUserGroup are missing.",
)
def user_groups_exist() -> None:
    @add(ElastiCacheResponse)
    def create_user_group(self: Any) -> ActionResult:
        backend, name = self.elasticache_backend, self._get_param("UserGroupId")
        if name in groups_of(backend):
            raise errors.UserGroupExists(name=name)
        where = f"{backend.region_name}:{backend.account_id}"
        group = {
            "UserGroupId": name,
            "Status": "active",
            "Engine": self._get_param("Engine").lower(),
            "UserIds": [],
            "MinimumEngineVersion": "6.0",
            "ARN": f"arn:{backend.partition}:elasticache:{where}:usergroup:{name}",
        }
        set_users(backend, group, self._get_param("UserIds") or [])
        groups_of(backend)[name] = group
        backend.tagging_service.tag_resource(group["ARN"], self._get_param("Tags") or [])
        return ActionResult(group)

    @add(ElastiCacheResponse)
    def describe_user_groups(self: Any) -> ActionResult:
        backend, name = self.elasticache_backend, self._get_param("UserGroupId")
        listed = [group_of(self)] if name else groups_of(backend).values()
        return ActionResult(
            {"UserGroups": [{**group, "ReplicationGroups": uses(backend, group)} for group in listed]}
        )

    @add(ElastiCacheResponse)
    def modify_user_group(self: Any) -> ActionResult:
        group = group_of(self)
        removed = self._get_param("UserIdsToRemove") or []
        users = [user for user in group["UserIds"] if user not in removed]
        set_users(self.elasticache_backend, group, users + (self._get_param("UserIdsToAdd") or []))
        return ActionResult(group)

    @add(ElastiCacheResponse)
    def delete_user_group(self: Any) -> ActionResult:
        backend, group = self.elasticache_backend, group_of(self)
        if uses(backend, group):
            raise errors.UserGroupInUse(name=group["UserGroupId"])
        join(backend, group, [])
        del groups_of(backend)[group["UserGroupId"]]
        backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
        return ActionResult({**group, "Status": "deleting"})

    def group_of(response: Any) -> dict[str, Any]:
        name = response._get_param("UserGroupId")
        group = groups_of(response.elasticache_backend).get(name)
        if group is None:
            raise errors.UserGroupNotFound(name=name)
        return group

    def uses(backend: ElastiCacheBackend, group: dict[str, Any]) -> list[str]:
        return [
            replication_group.replication_group_id
            for replication_group in backend.replication_groups.values()
            if group["UserGroupId"] in replication_group.user_group_ids
        ]

    def set_users(backend: ElastiCacheBackend, group: dict[str, Any], user_ids: list[str]) -> None:
        """Give the group its users, by the rules of the User Guide on RBAC.

        A Redis group holds exactly one user of the name ``default``.
        """
        for user_id in user_ids:
            if user_id not in backend.users:
                raise UserNotFound(user_id)
        names = [backend.users[user_id].name for user_id in user_ids]
        if len(set(names)) < len(names):
            raise errors.DuplicateUserName()
        if group["Engine"] == "redis" and "default" not in names:
            raise errors.DefaultUserRequired()
        join(backend, group, user_ids)

    def join(backend: ElastiCacheBackend, group: dict[str, Any], user_ids: list[str]) -> None:
        group["UserIds"] = user_ids
        for user in backend.users.values():
            others = [name for name in user.user_group_ids if name != group["UserGroupId"]]
            user.user_group_ids = others + ([group["UserGroupId"]] if user.id in user_ids else [])


@mend(
    "elasticache",
    "ModifyUser is missing, so no change of a user can be applied.",
)
def users_can_be_modified() -> None:
    @add(ElastiCacheResponse)
    def modify_user(self: Any) -> ActionResult:
        user: User = self.elasticache_backend.describe_users(self._get_param("UserId"))[0]
        mode = self._get_param("AuthenticationMode") or {}
        passwords = self._get_param("Passwords") or mode.get("Passwords")
        if self._get_param("AccessString"):
            user.access_string = self._get_param("AccessString")
        if self._get_param("AppendAccessString"):
            user.access_string += " " + self._get_param("AppendAccessString")
        if self._get_param("NoPasswordRequired") is not None:
            user.no_password_required = self._get_param("NoPasswordRequired")
        if passwords:
            user.passwords, user.authentication_type = passwords, "password"
            user.no_password_required = False
        if mode.get("Type"):
            user.authentication_type = mode["Type"]
        return ActionResult(user)
