"""Stand-ins for Secrets Manager and PostgreSQL that keep what they are told."""

from __future__ import annotations

import base64
import json
import re

from rotation import postgres
from rotation.credential import Credential


class ResourceNotFound(Exception):
    pass


class Exceptions:
    ResourceNotFoundException = ResourceNotFound


class FakeSecretsManager:
    """Secrets Manager's answers for secrets given as {id: {version: (labels, value)}}."""

    exceptions = Exceptions

    def __init__(self, secrets, rotation_enabled=True):
        self.secrets = {
            name: {version: (set(labels), value) for version, (labels, value) in versions.items()}
            for name, versions in secrets.items()
        }
        self.rotation_enabled = rotation_enabled
        self.passwords = 0

    def describe_secret(self, SecretId):
        versions = self.secrets[SecretId]
        return {
            "RotationEnabled": self.rotation_enabled,
            "VersionIdsToStages": {version: sorted(labels) for version, (labels, _) in versions.items()},
        }

    def get_secret_value(self, SecretId, VersionId=None, VersionStage=None):
        for version, (labels, value) in self.secrets[SecretId].items():
            if VersionId in (None, version) and (VersionStage is None or VersionStage in labels) and value:
                return {"SecretString": value}
        raise ResourceNotFound(SecretId)

    def put_secret_value(self, SecretId, ClientRequestToken, SecretString, VersionStages):
        self.secrets[SecretId][ClientRequestToken] = (set(VersionStages), SecretString)

    def update_secret_version_stage(self, SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId=None):
        versions = self.secrets[SecretId]
        if RemoveFromVersionId:
            versions[RemoveFromVersionId][0].discard(VersionStage)
            for labels, _ in versions.values():
                labels.discard("AWSPREVIOUS")
            versions[RemoveFromVersionId][0].add("AWSPREVIOUS")
        versions[MoveToVersionId][0].add(VersionStage)

    def get_random_password(self, PasswordLength, ExcludePunctuation):
        self.passwords += 1
        assert ExcludePunctuation
        return {"RandomPassword": f"{self.passwords}".rjust(PasswordLength, "p")}

    def labels(self, secret, version):
        return self.secrets[secret][version][0]

    def credential(self, secret, version):
        return Credential.from_json(self.secrets[secret][version][1])


class FakeDatabase:
    """A server with roles; keeps what PostgreSQL keeps, a verifier for each role."""

    def __init__(self, **passwords):
        self.roles = {name: postgres.scram_verifier(password) for name, password in passwords.items()}
        self.grants = []
        self.statements = []
        self.open = 0
        self.answer = [[1]]

    def login(self, credential):
        verifier = self.roles.get(credential.username)
        if verifier is None or not matches(verifier, credential.password):
            return None
        return FakeConnection(self)


class FakeConnection:
    def __init__(self, server):
        self.server = server
        self.staged = None
        server.open += 1

    def close(self):
        self.server.open -= 1

    def run(self, sql, **params):
        self.server.statements.append(sql)
        roles, grants = self.staged or (self.server.roles, self.server.grants)
        if sql == "SELECT 1":
            return self.server.answer
        if sql.startswith("SELECT 1 FROM pg_roles"):
            return [[1]] if params["name"] in roles else []
        if sql == "START TRANSACTION":
            self.staged = (dict(roles), list(grants))
        elif sql == "COMMIT":
            self.server.roles, self.server.grants = self.staged
            self.staged = None
        elif found := re.fullmatch(r'(?:ALTER|CREATE) ROLE "(\w+)" WITH (?:LOGIN INHERIT )?PASSWORD \'([^\']+)\'', sql):
            roles[found[1]] = found[2]
        elif found := re.fullmatch(r'GRANT "(\w+)" TO "(\w+)"', sql):
            grants.append(found.groups())
        else:
            raise AssertionError(f"unexpected statement: {sql}")
        return []


def matches(verifier, password):
    salt = base64.b64decode(verifier.split("$")[1].split(":")[1])
    return postgres.scram_verifier(password, salt) == verifier


def stored(username="app", password="old", host="db", **extra):
    return json.dumps({"engine": "postgres", "host": host, "port": 5432, "dbname": "fintrack", "username": username, "password": password, **extra})
