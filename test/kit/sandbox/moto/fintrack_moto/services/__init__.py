"""Services that moto does not have, laid out as moto lays out its own.

Each folder here becomes a package of moto (``services/chatbot`` is imported as
``moto.chatbot``), so moto's server finds, serves and resets it like the rest.
The mend that does it is in ``mends/`` under the same name.
"""

from __future__ import annotations

import os
import pkgutil
import re


def names() -> list[str]:
    """The services in this folder, by the names of their packages."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def add_to_moto(service: str, host: str) -> None:
    """Let moto find the package of ``service``, for hosts that match ``host``.

    ``host`` is the regular expression that the service's ``url_bases`` hold.
    The package itself is imported when its first request arrives.
    """
    import moto
    from moto import backend_index

    here = os.path.dirname(os.path.abspath(__file__))
    if here not in moto.__path__:
        moto.__path__.append(here)
    backend_index.backend_url_patterns.insert(0, (service, re.compile(host)))
