"""A stand-in for the pg8000 driver, for rotation without a PostgreSQL server.

The server is a file of roles and their SCRAM verifiers, which is what PostgreSQL
keeps of a password. A login is refused, a statement understood and a transaction
kept as far as the rotation function needs it; anything else is an error.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import re
import ssl

ROLES = pathlib.Path((pathlib.Path(__file__).parent / "server.txt").read_text())

STATEMENT = re.compile(r"""ALTER ROLE "(?P<role>\w+)" WITH PASSWORD '(?P<verifier>SCRAM-SHA-256\$[^']+)'""")


class DatabaseError(Exception):
    pass


class Connection:
    def __init__(self, user, *, host, port, database, password, timeout, ssl_context):
        if ssl_context.verify_mode != ssl.CERT_REQUIRED or not ssl_context.check_hostname:
            raise DatabaseError({"C": "08001", "M": "the server's name is not verified"})
        if not opens(json.loads(ROLES.read_text()).get(user), password):
            raise DatabaseError({"C": "28P01", "M": "password authentication failed"})

    def run(self, sql, **params):
        if sql == "SELECT 1":
            return [[1]]
        found = STATEMENT.fullmatch(sql)
        if not found:
            raise DatabaseError({"C": "42601", "M": "syntax error"})
        roles = json.loads(ROLES.read_text())
        roles[found["role"]] = found["verifier"]
        ROLES.write_text(json.dumps(roles))
        return []

    def close(self):
        pass


def opens(verifier, password):
    if verifier is None:
        return False
    _, salt, keys = re.fullmatch(r"SCRAM-SHA-256\$(\d+):([^$]+)\$(.+)", verifier).groups()
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(_))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return keys == f"{base64.b64encode(stored).decode()}:{base64.b64encode(server).decode()}"
