"""Services that moto does not have, laid out as moto lays out its own.

Each folder here becomes a package of moto (``services/chatbot`` is imported as
``moto.chatbot``), so moto's server finds, resets and lists it like the rest.
"""

from __future__ import annotations

import os
import re

URL_PATTERNS: dict[str, str] = {}
"""Package → the host names it answers for, as in moto's own backend index."""


def add_to_moto() -> None:
    """Let moto find the packages in this folder. Imports none of them."""
    import moto
    from moto import backend_index

    here = os.path.dirname(os.path.abspath(__file__))
    if here in moto.__path__:
        return
    moto.__path__.append(here)
    for service, pattern in URL_PATTERNS.items():
        backend_index.backend_url_patterns.insert(0, (service, re.compile(pattern)))
