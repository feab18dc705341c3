"""``python3 -m fintrack_moto``: moto_server with the mends, on moto's options."""

from __future__ import annotations

import gc
import json
import os
import sys

from . import MOTO_VERSION

# Read by moto when it is imported, so they are set before that.
DEFAULTS = {
    # aws_iam_policy data sources and attachments look up AWS's managed policies.
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    # The provider waits for ISSUED; moto's default is a minute.
    "MOTO_ACM_VALIDATION_WAIT": "1",
}


def check_version() -> None:
    """Exit with status 2 unless moto is importable in the version needed."""
    try:
        from moto import __version__ as found
        import moto.server  # noqa: F401  needs the extra packages of moto[server]
    except ImportError as error:
        fail(f"moto {MOTO_VERSION} with its server cannot be loaded by {sys.executable}: {error}")
    if found != MOTO_VERSION:
        fail(
            f"moto {MOTO_VERSION} is needed, but {sys.executable} has moto {found}. "
            "The mends were written for that release alone."
        )


def fail(message: str) -> None:
    print(f"fintrack_moto: {message}\nRun: scripts/bootstrap moto", file=sys.stderr)
    raise SystemExit(2)


def main(arguments: list[str]) -> None:
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    check_version()
    if arguments == ["--mends"]:
        print_mends()
        return
    if os.environ.get("FINTRACK_MOTO_STOCK") != "1":
        from .loader import install

        install()
    from moto.server import main as serve

    # Nearly all that moto allocates lives as long as it does; at Python's own 700
    # the collector walks all of it every few requests.
    gc.set_threshold(50_000, 20, 100)
    serve(arguments)


def print_mends() -> None:
    """Print every mend as one JSON object a line: name, service, reason."""
    from .registry import all_mends

    for mend in all_mends():
        print(json.dumps({"name": mend.name, "service": mend.service, "reason": mend.reason}))


if __name__ == "__main__":
    main(sys.argv[1:])
