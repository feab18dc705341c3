"""What the rotation does to PostgreSQL: log in, and set a role's password.

The driver is pg8000, which is pure Python; it comes in a Lambda layer, together
with the bundle of certificate authorities of Amazon RDS.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import ssl
from typing import Any, Protocol

from .credential import Credential

# PostgreSQL: invalid_password, invalid_authorization_specification.
LOGIN_REFUSED = {"28P01", "28000"}

CONNECT_TIMEOUT_SECONDS = 5

SCRAM_ITERATIONS = 4096


class Connection(Protocol):
    """The part of pg8000.native.Connection that is used."""

    def run(self, sql: str, **params: Any) -> list[list[Any]]: ...

    def close(self) -> None: ...


class Database:
    """Opens connections, always over TLS with the server's name verified."""

    def __init__(self, ca_bundle: str) -> None:
        self._ca_bundle = ca_bundle

    def login(self, credential: Credential) -> Connection | None:
        """A connection, or None when the server refuses the user or the password.

        Whatever else goes wrong (network, certificate, unknown database) is
        raised: it says nothing about the password.
        """
        import pg8000.native

        try:
            return pg8000.native.Connection(
                credential.username,
                host=credential.host,
                port=credential.port,
                database=credential.dbname,
                password=credential.password,
                timeout=CONNECT_TIMEOUT_SECONDS,
                ssl_context=ssl.create_default_context(cafile=self._ca_bundle),
            )
        except pg8000.native.DatabaseError as error:
            details = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
            if details.get("C") in LOGIN_REFUSED:
                return None
            raise


def set_password(connection: Connection, username: str, password: str) -> None:
    """Give an existing role a new password."""
    connection.run(f"ALTER ROLE {identifier(username)} WITH PASSWORD {literal(scram_verifier(password))}")


def create_clone(connection: Connection, original: str, clone: str, password: str) -> None:
    """Make the second role of a pair: it may do whatever the first may.

    In one transaction: a role without the grant could log in, so that a repeated
    step would take the work for done.
    """
    connection.run("START TRANSACTION")
    connection.run(f"CREATE ROLE {identifier(clone)} WITH LOGIN INHERIT PASSWORD {literal(scram_verifier(password))}")
    connection.run(f"GRANT {identifier(original)} TO {identifier(clone)}")
    connection.run("COMMIT")


def role_exists(connection: Connection, username: str) -> bool:
    return bool(connection.run("SELECT 1 FROM pg_roles WHERE rolname = :name", name=username))


def answers(connection: Connection) -> bool:
    """Whether the session can do more than log in."""
    return connection.run("SELECT 1") == [[1]]


def identifier(name: str) -> str:
    """A name quoted for SQL; role statements take no parameters."""
    if "\0" in name:
        raise ValueError("a name cannot contain a null character")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string quoted for SQL with standard_conforming_strings on, its default."""
    if "\0" in text or "\\" in text:
        raise ValueError("a password verifier contains neither null characters nor backslashes")
    return "'" + text.replace("'", "''") + "'"


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL stores for a password (RFC 5803, RFC 7677).

    It is sent in the place of the password, so that neither the server's log nor
    an extension that records statements ever sees the password. The passwords
    are ASCII, for which SASLprep (RFC 4013) changes nothing.
    """
    if not password.isascii():
        raise ValueError("the password must be ASCII")
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()

    def encoded(raw: bytes) -> str:
        return base64.b64encode(raw).decode()

    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{encoded(salt)}${encoded(stored_key)}:{encoded(server_key)}"
