"""The AWS emulator of the test suite: moto_server with start-up mends.

Stock moto answers most of what the Terraform AWS provider asks, but not all of
it. Each answer that is missing or differs from AWS is mended here, one file per
service under ``mends/``, each mend with the reason for it. Services that moto
does not have at all are under ``services/``, written as moto writes its own.

``python3 -m fintrack_moto -p PORT`` serves it; it takes the options of
``moto_server``. With ``FINTRACK_MOTO_STOCK=1`` the mends are left out, which is
how the tests prove that each of them is still needed.
"""

MOTO_VERSION = "5.2.1"
"""The only moto release that the mends were written for and are tested on."""
