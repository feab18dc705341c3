"""The versions of one secret, by their staging labels."""

from __future__ import annotations

from typing import Any

from .credential import Credential

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"
PREVIOUS = "AWSPREVIOUS"


class RotationRefused(ValueError):
    """The event does not belong to a rotation that is under way."""


class Versions:
    """One secret during the rotation that ``token`` stands for.

    ``client`` is a boto3 Secrets Manager client.
    """

    def __init__(self, client: Any, secret_id: str, token: str) -> None:
        self._client = client
        self._secret_id = secret_id
        self._token = token

    def already_current(self) -> bool:
        """Whether the rotation is finished; raises unless it is under way or finished."""
        description = self._client.describe_secret(SecretId=self._secret_id)
        if not description.get("RotationEnabled"):
            raise RotationRefused(f"rotation is not switched on for {self._secret_id}")
        stages = description.get("VersionIdsToStages", {}).get(self._token)
        if stages is None:
            raise RotationRefused(f"{self._secret_id} has no version {self._token}")
        if CURRENT in stages:
            return True
        if PENDING not in stages:
            raise RotationRefused(f"version {self._token} of {self._secret_id} is not pending")
        return False

    def current(self) -> Credential:
        return self._read(VersionStage=CURRENT)

    def pending(self) -> Credential:
        return self._read(VersionId=self._token, VersionStage=PENDING)

    def pending_exists(self) -> bool:
        try:
            self.pending()
        except self._client.exceptions.ResourceNotFoundException:
            return False
        return True

    def previous(self) -> Credential | None:
        """The credential before the current one, if there was one."""
        try:
            return self._read(VersionStage=PREVIOUS)
        except self._client.exceptions.ResourceNotFoundException:
            return None

    def put_pending(self, credential: Credential) -> None:
        self._client.put_secret_value(
            SecretId=self._secret_id,
            ClientRequestToken=self._token,
            SecretString=credential.to_json(),
            VersionStages=[PENDING],
        )

    def make_current(self) -> None:
        """Move AWSCURRENT to the pending version; Secrets Manager moves AWSPREVIOUS itself."""
        stages = self._client.describe_secret(SecretId=self._secret_id)["VersionIdsToStages"]
        holder = next((version for version, labels in stages.items() if CURRENT in labels), None)
        if holder == self._token:
            return
        arguments = {"RemoveFromVersionId": holder} if holder else {}
        self._client.update_secret_version_stage(
            SecretId=self._secret_id, VersionStage=CURRENT, MoveToVersionId=self._token, **arguments
        )

    def _read(self, **version: str) -> Credential:
        answer = self._client.get_secret_value(SecretId=self._secret_id, **version)
        return Credential.from_json(answer["SecretString"])
