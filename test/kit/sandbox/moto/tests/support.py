"""One emulator for all the tests, in this process, and clients of it.

With ``FINTRACK_MOTO_STOCK=1`` the emulator is stock moto, on which every test
that proves a mend must fail.
"""

from __future__ import annotations

import functools
import io
import logging
import os
import unittest
import urllib.request
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from fintrack_moto.__main__ import DEFAULTS

REGION = "us-east-1"
OTHER_REGION = "eu-west-1"
ACCOUNT = "123456789012"
OTHER_ACCOUNT = "210987654321"

for _name, _value in DEFAULTS.items():
    os.environ.setdefault(_name, _value)
# A thousand policies for each account after each reset: no test here needs them.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "false"


@functools.cache
def endpoint() -> str:
    """The URL of the emulator, which is started when first asked for."""
    if os.environ.get("FINTRACK_MOTO_STOCK") != "1":
        from fintrack_moto.loader import install

        install()
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").disabled = True
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["MOTO_PORT"] = str(port)
    return f"http://{host}:{port}"


def reset() -> None:
    """Empty the emulator."""
    request = urllib.request.Request(f"{endpoint()}/moto-api/reset", method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def client(service: str, region: str = REGION, account: str = ACCOUNT) -> Any:
    """A client of one service, in the given region and account.

    Another account than the default is reached as on AWS: by a role in it.
    """
    if account == ACCOUNT:
        return _client(service, region, "testing", "testing", None)
    role = f"arn:aws:iam::{account}:role/tests"
    granted = client("sts").assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    return _client(
        service,
        region,
        granted["AccessKeyId"],
        granted["SecretAccessKey"],
        granted["SessionToken"],
    )


_session = functools.cache(boto3.session.Session)


@functools.cache
def _client(service: str, region: str, key: str, secret: str, token: str | None) -> Any:
    return _session().client(
        service,
        region_name=region,
        endpoint_url=endpoint(),
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=60,
            s3={"addressing_style": "path"},
            inject_host_prefix=False,
        ),
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


def proves(*mends: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which mends a test proves; the runner reports it with the outcome."""

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        test.proves = mends  # type: ignore[attr-defined]
        return test

    return mark


class MendTest(unittest.TestCase):
    """A test that begins with an empty emulator."""

    maxDiff = None

    def setUp(self) -> None:
        reset()

    def assert_refused(self, code: str, call: Callable[..., Any], **arguments: Any) -> None:
        """The call must be refused by the emulator with that AWS error code."""
        with self.assertRaises(ClientError) as refused:
            call(**arguments)
        self.assertEqual(code, refused.exception.response["Error"]["Code"])


def network(region: str = REGION, zones: str = "abc") -> dict[str, Any]:
    """A VPC with a subnet in each of the zones, and a security group."""
    ec2 = client("ec2", region)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{region}{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate(zones)
    ]
    group = ec2.create_security_group(GroupName="tests", Description="tests", VpcId=vpc)["GroupId"]
    return {"vpc": vpc, "subnets": subnets, "group": group}


def zip_of(**files: str) -> bytes:
    """A zip of Python modules, given as ``module="source"``."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for module, source in files.items():
            archive.writestr(f"{module}.py", source)
    return packed.getvalue()
