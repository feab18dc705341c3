"""The credential as it is stored: JSON with the keys that AWS's own tools use.

The keys are those of the AWS Secrets Manager User Guide, "JSON structure of AWS
Secrets Manager database credential secrets": engine, host, port, dbname,
username, password. Other keys are kept as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

CLONE_SUFFIX = "_clone"

# PostgreSQL cuts longer names off silently, which would make two roles one.
MAX_IDENTIFIER = 63


class InvalidCredential(ValueError):
    """The stored JSON cannot be used to reach a PostgreSQL database."""


@dataclass(frozen=True)
class Credential:
    """One role's way into one database."""

    host: str
    port: int
    dbname: str
    username: str
    password: str = field(repr=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls, text: str) -> "Credential":
        """Read a stored credential; raises InvalidCredential, never quoting its text."""
        try:
            stored = json.loads(text)
        except ValueError:
            raise InvalidCredential("the secret is not JSON") from None
        if not isinstance(stored, dict):
            raise InvalidCredential("the secret is not a JSON object")

        engine = stored.pop("engine", None)
        if engine != "postgres":
            raise InvalidCredential(f'"engine" must be "postgres", not {engine!r}')
        missing = [key for key in ("host", "username", "password") if not stored.get(key)]
        if missing:
            raise InvalidCredential(f"the secret has no {', '.join(missing)}")
        try:
            port = int(stored.pop("port", 5432))
        except (TypeError, ValueError):
            raise InvalidCredential('"port" must be a number') from None

        return cls(
            host=stored.pop("host"),
            port=port,
            dbname=stored.pop("dbname", "postgres"),
            username=stored.pop("username"),
            password=stored.pop("password"),
            extra=stored,
        )

    def to_json(self) -> str:
        return json.dumps(
            {
                **self.extra,
                "engine": "postgres",
                "host": self.host,
                "port": self.port,
                "dbname": self.dbname,
                "username": self.username,
                "password": self.password,
            }
        )

    def with_password(self, password: str) -> "Credential":
        return replace(self, password=password)

    def other_user(self) -> "Credential":
        """The second role of the alternating pair: app and app_clone."""
        name = self.username
        other = name.removesuffix(CLONE_SUFFIX) if name.endswith(CLONE_SUFFIX) else name + CLONE_SUFFIX
        if not other or len(other.encode()) > MAX_IDENTIFIER:
            raise InvalidCredential(f"{name!r} has no room for {CLONE_SUFFIX} within {MAX_IDENTIFIER} bytes")
        return replace(self, username=other)

    def same_server(self, other: "Credential") -> bool:
        return (self.host, self.port) == (other.host, other.port)
