"""Mends of S3, by what they are about."""

from . import access_logs, bucket_policies, object_lock, replication, versions  # noqa: F401
