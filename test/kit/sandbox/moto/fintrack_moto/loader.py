"""Applies the mends of a service when moto first loads that service.

Moto loads a service at its first request. Loading all the services that have
mends at start-up would add about a second to it, so this waits likewise: it
watches moto's imports and applies a service's mends as soon as the outermost
import that brought the service in is finished. Never earlier: inside it moto's
modules are half made, since they import each other. Only the mends that give
moto a service it lacks are applied at once; they load nothing.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from . import registry, services


# A file of mends is half made, too, while it loads the moto modules that it changes.
WATCHED = ("moto.", registry.MENDS_PACKAGE + ".")

# The module of a service that holds what its mends change, where it is not models.
CHANGED = {"moto_server": "werkzeug_app"}


class MendingFinder(importlib.abc.MetaPathFinder):
    """Finds moto's modules as Python does, and mends what they bring in."""

    def __init__(self, services: Sequence[str]) -> None:
        self._waiting = set(services)
        self._lock = threading.RLock()
        self._depth = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith(WATCHED):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            self._watch(spec.loader)
        return spec

    def _watch(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            self._depth.value = getattr(self._depth, "value", 0) + 1
            try:
                execute(module)
            finally:
                self._depth.value -= 1
            if self._depth.value == 0:
                self.apply_to_loaded(executing=module.__name__)

        loader.exec_module = exec_module

    def apply_to_loaded(self, executing: str = "") -> None:
        """Apply the mends of every service whose modules are all complete.

        ``executing`` names the module whose code has just run; Python counts it
        as incomplete until its loader returns.
        """
        with self._lock:
            for service in sorted(self._waiting):
                if service in self._waiting and self._is_loaded(service, executing):
                    self._waiting.discard(service)
                    apply_mends_of(service)

    @staticmethod
    def _is_loaded(service: str, executing: str) -> bool:
        package = f"moto.{service}"
        if f"{package}.{CHANGED.get(service, 'models')}" not in sys.modules:
            return False
        for name, module in list(sys.modules.items()):
            if name == package or name.startswith(package + "."):
                spec = getattr(module, "__spec__", None)
                if name != executing and getattr(spec, "_initializing", False):
                    return False
        return True


def apply_mends_of(service: str) -> None:
    """Apply the mends of one service, or end the process.

    Half-mended the emulator would answer, and the tests on it would fail far from
    the cause, if they fail at all.
    """
    try:
        for mend in registry.mends_of(service):
            mend.apply()
    except Exception:
        traceback.print_exc()
        print(f"fintrack_moto: the mends of {service} cannot be applied", file=sys.stderr)
        sys.stderr.flush()
        os._exit(3)


def install() -> None:
    """Apply every mend, now or as its service is loaded. Safe to call twice."""
    if any(isinstance(finder, MendingFinder) for finder in sys.meta_path):
        return
    added = services.names()
    for service in added:
        apply_mends_of(service)
    finder = MendingFinder([name for name in registry.services() if name not in added])
    sys.meta_path.insert(0, finder)
    finder.apply_to_loaded()
