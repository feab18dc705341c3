"""Mends of S3: what Object Lock keeps people from."""

from __future__ import annotations

import datetime
from typing import Any

from moto.s3.exceptions import AccessDeniedByLock
from moto.s3.responses import S3Response

from ...patching import override
from ...registry import mend


@mend(
    "s3",
    "PutObjectRetention: a retention in compliance mode can be shortened or taken away by anybody, and "
    "one in governance mode without the header that asks to bypass it.",
)
def retention_cannot_be_shortened() -> None:
    @override(S3Response)
    def put_object_retention(original: Any, self: Any) -> Any:
        key = self.backend.get_object(
            self.bucket_name, self.parse_key_name(), version_id=self._get_param("versionId")
        )
        bypass = self.headers.get("x-amz-bypass-governance-retention", "").lower() == "true"
        mode, until = self._mode_until_from_body()
        retained = key.lock_mode in ("GOVERNANCE", "COMPLIANCE") and not over(key.lock_until)
        shorter = mode != key.lock_mode or until is None or moment(until) < moment(key.lock_until)
        if retained and shorter and not (bypass and key.lock_mode == "GOVERNANCE"):
            raise AccessDeniedByLock
        return original(self)


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def over(until: str | None) -> bool:
    return until is None or moment(until) <= datetime.datetime.now(datetime.timezone.utc)
