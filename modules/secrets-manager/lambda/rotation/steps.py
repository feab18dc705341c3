"""The four steps of a rotation (AWS Secrets Manager User Guide, "Lambda rotation functions").

Secrets Manager may repeat a step, so each one does nothing when its work is
already done.
"""

from __future__ import annotations

from collections.abc import Callable

from . import postgres
from .credential import Credential
from .versions import Versions


class RotationFailed(RuntimeError):
    """The database did not take the new credential; the current one still holds."""


class Rotation:
    """What the steps share. ``superuser`` is None with the single-user strategy.

    ``new_password`` returns a fresh password. ``database`` logs in.
    """

    def __init__(
        self,
        versions: Versions,
        database: postgres.Database,
        new_password: Callable[[], str],
        superuser: Callable[[], Credential] | None = None,
    ) -> None:
        self._versions = versions
        self._database = database
        self._new_password = new_password
        self._superuser = superuser

    def create_secret(self) -> None:
        """Store the next credential as pending; the database does not know it yet."""
        current = self._versions.current()
        if self._versions.pending_exists():
            return
        upcoming = current.other_user() if self._superuser else current
        self._versions.put_pending(upcoming.with_password(self._new_password()))

    def set_secret(self) -> None:
        """Make the database accept the pending credential."""
        pending = self._versions.pending()
        connection = self._database.login(pending)
        if connection is not None:
            connection.close()
            return

        current = self._versions.current()
        # Were the pending version edited to name another server, the current
        # password would be sent there.
        if not current.same_server(pending):
            raise RotationFailed("the pending credential names another server than the current one")
        if self._superuser:
            self._set_as_superuser(current, pending)
        else:
            self._set_as_self(current, pending)

    def test_secret(self) -> None:
        """Prove that the pending credential opens the database."""
        connection = self._database.login(self._versions.pending())
        if connection is None:
            raise RotationFailed("the database refuses the pending credential")
        try:
            if not postgres.answers(connection):
                raise RotationFailed("the database accepts the pending credential but answers nothing")
        finally:
            connection.close()

    def finish_secret(self) -> None:
        """Hand the new credential to everyone who asks for the secret."""
        self._versions.make_current()

    def _set_as_self(self, current: Credential, pending: Credential) -> None:
        if pending.username != current.username:
            raise RotationFailed("the pending credential names another user than the current one")
        connection = self._database.login(current)
        if connection is None:
            connection = self._login_as_previous(pending)
        try:
            postgres.set_password(connection, pending.username, pending.password)
        finally:
            connection.close()

    def _login_as_previous(self, pending: Credential) -> postgres.Connection:
        # A rotation that died between its last two steps leaves the database one behind.
        previous = self._versions.previous()
        usable = previous and previous.same_server(pending) and previous.username == pending.username
        connection = self._database.login(previous) if usable else None
        if connection is None:
            raise RotationFailed("the database refuses the pending, the current and the previous credential")
        return connection

    def _set_as_superuser(self, current: Credential, pending: Credential) -> None:
        if pending.username != current.other_user().username:
            raise RotationFailed("the pending credential does not name the other user of the pair")
        superuser = self._superuser()
        if not superuser.same_server(pending):
            raise RotationFailed("the superuser's secret names another server than the secret to rotate")
        connection = self._database.login(superuser)
        if connection is None:
            raise RotationFailed("the database refuses the superuser's credential")
        try:
            if postgres.role_exists(connection, pending.username):
                postgres.set_password(connection, pending.username, pending.password)
            else:
                postgres.create_clone(connection, current.username, pending.username, pending.password)
        finally:
            connection.close()
