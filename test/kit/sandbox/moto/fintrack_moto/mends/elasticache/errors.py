"""ElastiCache's errors that stock moto never raises, by their codes on the wire."""

from __future__ import annotations

from moto.elasticache.exceptions import ElastiCacheException


class ParameterGroupNotFound(ElastiCacheException):
    code = "CacheParameterGroupNotFound"
    message = "CacheParameterGroup {name} not found."


class ParameterGroupExists(ElastiCacheException):
    code = "CacheParameterGroupAlreadyExists"
    message = "A CacheParameterGroup with the name {name} already exists."


class ParameterGroupInUse(ElastiCacheException):
    code = "InvalidCacheParameterGroupState"
    message = "One or more cache clusters are still members of this parameter group {name}."


class SubnetGroupInUse(ElastiCacheException):
    code = "CacheSubnetGroupInUse"
    message = "Cache subnet group {name} is currently in use by a cache cluster."


class UserGroupNotFound(ElastiCacheException):
    code = "UserGroupNotFound"
    message = "User group {name} not found."


class UserGroupExists(ElastiCacheException):
    code = "UserGroupAlreadyExists"
    message = "User group {name} already exists."


class UserGroupInUse(ElastiCacheException):
    code = "InvalidUserGroupState"
    message = "User group {name} is associated with one or more replication groups."


class DefaultUserRequired(ElastiCacheException):
    code = "DefaultUserRequired"
    message = "User group needs to contain a user with the user name default."


class DuplicateUserName(ElastiCacheException):
    code = "DuplicateUserName"
    message = "User group may not hold two users with the same user name."
