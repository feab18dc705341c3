"""The function's entry: one event is one step of one secret's rotation."""

from __future__ import annotations

import logging
import os
from typing import Any

from . import postgres
from .credential import Credential
from .steps import Rotation
from .versions import CURRENT, Versions

PASSWORD_LENGTH = 40

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)


def handle(event: dict[str, str], _context: Any) -> None:
    """Called by Secrets Manager with SecretId, ClientRequestToken and Step."""
    import boto3

    run(event, boto3.client("secretsmanager"), postgres.Database(os.environ["CA_BUNDLE"]), os.environ)


def run(event: dict[str, str], client: Any, database: postgres.Database, environ: Any) -> None:
    """Do the step that the event asks for; raises when it cannot be done."""
    secret_id, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    versions = Versions(client, secret_id, token)
    if versions.already_current():
        log.info("%s: version %s is current already", secret_id, token)
        return

    superuser_id = environ.get("SUPERUSER_SECRET_ARN")

    def superuser() -> Credential:
        answer = client.get_secret_value(SecretId=superuser_id, VersionStage=CURRENT)
        return Credential.from_json(answer["SecretString"])

    def new_password() -> str:
        # Alphanumeric alone: connection strings are made of these, and 40 such
        # characters are 238 bits.
        return client.get_random_password(PasswordLength=PASSWORD_LENGTH, ExcludePunctuation=True)["RandomPassword"]

    rotation = Rotation(versions, database, new_password, superuser if superuser_id else None)
    steps = {
        "createSecret": rotation.create_secret,
        "setSecret": rotation.set_secret,
        "testSecret": rotation.test_secret,
        "finishSecret": rotation.finish_secret,
    }
    if step not in steps:
        raise ValueError(f"unknown step {step!r}; known are {', '.join(steps)}")
    steps[step]()
    log.info("%s: %s done for version %s", secret_id, step, token)
