"""The register of mends: what is changed in moto, and why.

A mend is a function without arguments that changes moto when it is called. The
decorator only records it; :mod:`fintrack_moto.loader` decides when to call it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

MENDS_PACKAGE = "fintrack_moto.mends"

_by_service: dict[str, list["Mend"]] = {}


@dataclass(frozen=True)
class Mend:
    """One change to moto.

    ``name`` is ``<service>.<function name>``; tests refer to it.
    ``reason`` says which call goes wrong on stock moto, and how.
    """

    name: str
    service: str
    reason: str
    apply: Callable[[], None]


def mend(service: str, reason: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register the decorated function as a mend of ``service``.

    ``service`` is the name of moto's package for it (``awslambda``, not
    ``lambda``) and of the file under ``mends/`` that holds the mend.
    """
    if not reason.strip():
        raise ValueError(f"a mend of {service} was registered without a reason")

    def register(function: Callable[[], None]) -> Callable[[], None]:
        name = f"{service}.{function.__name__}"
        known = _by_service.setdefault(service, [])
        if any(other.name == name for other in known):
            raise ValueError(f"two mends are called {name}")
        known.append(Mend(name, service, reason, function))
        return function

    return register


def services() -> list[str]:
    """The services that have a file of mends, in alphabetical order."""
    package = importlib.import_module(MENDS_PACKAGE)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def mends_of(service: str) -> list[Mend]:
    """The mends of one service, in the order in which they are applied.

    Loads the service's file, and with it moto's own code for the service.
    """
    importlib.import_module(f"{MENDS_PACKAGE}.{service}")
    return list(_by_service.get(service, []))


def all_mends() -> list[Mend]:
    """Every mend of every service. Loads moto's code for all of them."""
    return [found for service in services() for found in mends_of(service)]
