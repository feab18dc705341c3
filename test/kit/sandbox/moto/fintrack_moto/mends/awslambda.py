"""Mends of Lambda: Python functions run without Docker."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.logs.models import LogsBackend
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from ..patching import override
from ..registry import mend

# Loads the handler as the Lambda runtime does, and writes its answer where the
# function's own output cannot get mixed with it.
BOOTSTRAP = """
import importlib, json, logging, sys, traceback
logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
module, _, function = sys.argv[1].rpartition(".")
answer, event = sys.argv[2], json.load(sys.stdin)
try:
    result, code = getattr(importlib.import_module(module.replace("/", ".")), function)(event, None), 0
except Exception as error:
    traceback.print_exc()
    result, code = {"errorType": type(error).__name__, "errorMessage": str(error)}, 1
with open(answer, "w") as file:
    json.dump(result, file)
sys.exit(code)
"""


@mend(
    "awslambda",
    "Invoke, and with it RotateSecret: a function runs in a Docker container, which is not there "
    "on most machines, so a rotation function can never be seen at work. Python functions run "
    "in a process of their own instead, with the emulator's Python, as their own role.",
)
def python_functions_run_in_a_process() -> None:
    @override(LambdaFunction)
    def _invoke_lambda(original: Any, self: Any, event: Any = None) -> tuple[str, bool, str]:
        if self.package_type != "Zip" or not str(self.run_time).startswith("python"):
            return original(self, event)
        self.logs_backend.ensure_log_group(self.logs_group_name)
        with tempfile.TemporaryDirectory(prefix="fintrack-lambda-") as folder:
            answer, failed, output = run(self, event, Path(folder))
        self.save_logs(output)
        return answer, failed, output


def run(function: Any, event: Any, folder: Path) -> tuple[str, bool, str]:
    """The function's answer as JSON, whether it failed, and what it printed."""
    task, layers, answer = folder / "task", folder / "opt", folder / "answer.json"
    unpack(function.code_bytes, task)
    backend = lambda_backends[function.account_id][function.region]
    layers.mkdir()
    for layer in function.layers:
        unpack(backend.layers_versions_by_arn(layer["Arn"]).code_bytes, layers)
    try:
        done = subprocess.run(
            [sys.executable, "-c", BOOTSTRAP, function.handler, str(answer)],
            input=json.dumps(event),
            cwd=task,
            env=environment(function, task, layers),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=int(function.timeout),
        )
    except subprocess.TimeoutExpired as error:
        message = f"Task timed out after {function.timeout} seconds"
        printed = error.stdout.decode() if isinstance(error.stdout, bytes) else error.stdout or ""
        return json.dumps({"errorMessage": message}), True, f"{printed}{message}"
    result = answer.read_text() if answer.exists() else json.dumps({"errorMessage": "the process ended early"})
    return result, done.returncode != 0, done.stdout


def unpack(code: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        archive.extractall(folder)


def environment(function: Any, task: Path, layers: Path) -> dict[str, str]:
    """What the function finds in its environment.

    The function acts as its role, through the endpoint at which the emulator was
    asked. Its layers lie in a folder of their own and not at /opt, so variables
    that point there are turned to it.
    """
    from flask import request

    session = sts_backends[function.account_id][get_partition(function.region)].assume_role(
        region_name=function.region,
        role_session_name=function.function_name,
        role_arn=function.role,
        policy="",
        duration=900,
        external_id="",
    )
    own = {
        name: value.replace("/opt/", f"{layers}/", 1) if value.startswith("/opt/") else value
        for name, value in function.environment_vars.items()
    }
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join([str(task), str(layers / "python")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": request.host_url.rstrip("/"),
        **own,
    }


@mend(
    "awslambda",
    "GetFunction: the key that encrypts the environment is left out, and an update of the "
    "tracing mode is not kept, so aws_lambda_function drifts.",
)
def configuration_is_answered_as_given() -> None:
    @override(LambdaFunction)
    def __init__(original: Any, self: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        original(self, account_id, spec, *args, **kwargs)
        self.kms_key_arn = spec.get("KMSKeyArn") or ""

    @override(LambdaFunction)
    def update_configuration(original: Any, self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        self.kms_key_arn = config_updates.get("KMSKeyArn", self.kms_key_arn)
        self.tracing_config = config_updates.get("TracingConfig") or self.tracing_config
        return original(self, config_updates)

    @override(LambdaFunction)
    def get_configuration(original: Any, self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        answer = original(self, *args, **kwargs)
        if self.kms_key_arn:
            answer["KMSKeyArn"] = self.kms_key_arn
        return answer


@mend(
    "awslambda",
    "FilterLogEvents on a function's log: its events have fractions of milliseconds for timestamps, "
    "which the SDKs of typed languages cannot read.",
)
def log_events_have_whole_milliseconds() -> None:
    @override(LogsBackend)
    def put_log_events(
        original: Any, self: Any, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]
    ) -> Any:
        whole = [{**event, "timestamp": int(event["timestamp"])} for event in log_events]
        return original(self, log_group_name, log_stream_name, whole)
