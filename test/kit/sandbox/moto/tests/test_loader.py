"""How and when mends are applied, in a Python of its own each time."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest

from . import run


def python(source: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", source, *arguments],
        cwd=run.ROOT,
        env={**os.environ, "FINTRACK_MOTO_STOCK": "", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


class LoaderTest(unittest.TestCase):
    def check(self, source: str) -> None:
        ran = python(source)
        self.assertEqual((0, ""), (ran.returncode, ran.stderr))

    def test_starting_loads_none_of_the_services_that_are_mended(self) -> None:
        self.check(
            "import sys; from fintrack_moto.loader import install; install();"
            "assert 'moto.rds' not in sys.modules"
        )

    def test_a_service_is_mended_as_soon_as_it_is_loaded(self) -> None:
        self.check(
            "from fintrack_moto.loader import install; install();"
            "from moto.s3.models import FakeDeleteMarker; assert FakeDeleteMarker.dispose"
        )

    def test_a_service_is_mended_that_was_loaded_before(self) -> None:
        self.check(
            "from moto.s3.models import FakeDeleteMarker;"
            "from fintrack_moto.loader import install; install(); assert FakeDeleteMarker.dispose"
        )

    def test_a_service_is_mended_that_another_one_loads(self) -> None:
        self.check(
            "from fintrack_moto.loader import install; install(); import moto.eks.models;"
            "from moto.ec2.models.launch_templates import LaunchTemplate;"
            "assert LaunchTemplate.__init__.__wrapped__"
        )

    def test_a_service_is_mended_whose_file_of_mends_is_loaded_first(self) -> None:
        self.check(
            "from fintrack_moto.loader import install; install();"
            "import fintrack_moto.mends.securityhub; from moto.securityhub import urls;"
            "assert '{0}/standards$' in urls.url_paths"
        )

    def test_installing_twice_mends_once(self) -> None:
        self.check(
            "from fintrack_moto.loader import install; install(); install();"
            "import moto.athena.models; from moto.athena.responses import AthenaResponse;"
            "assert not hasattr(AthenaResponse.get_named_query.__wrapped__, '__wrapped__')"
        )

    def test_a_mend_that_cannot_be_applied_ends_the_process(self) -> None:
        ran = python(
            "from moto.s3.models import FakeDeleteMarker; FakeDeleteMarker.dispose = None;"
            "from fintrack_moto.loader import install; install()"
        )
        self.assertEqual(3, ran.returncode)
        self.assertIn("the mends of s3 cannot be applied", ran.stderr)


class CommandTest(unittest.TestCase):
    def test_another_release_of_moto_is_refused(self) -> None:
        ran = python(
            "import moto; moto.__version__ = '5.2.0';"
            "from fintrack_moto.__main__ import main; main(['-p', '0'])"
        )
        self.assertEqual(2, ran.returncode)
        self.assertIn("moto 5.2.1 is needed", ran.stderr)
        self.assertIn("scripts/bootstrap moto", ran.stderr)

    def test_a_python_without_moto_is_told_what_to_run(self) -> None:
        ran = python(
            "import sys; sys.modules['moto'] = None;"
            "from fintrack_moto.__main__ import main; main(['-p', '0'])"
        )
        self.assertEqual(2, ran.returncode)
        self.assertIn("scripts/bootstrap moto", ran.stderr)
        self.assertNotIn("Traceback", ran.stderr)
