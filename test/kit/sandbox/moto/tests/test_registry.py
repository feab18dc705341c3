"""The register itself: every mend has a reason and a test, every test a mend."""

from __future__ import annotations

import importlib
import pkgutil
import unittest

from fintrack_moto import registry

from . import run


class RegistryTest(unittest.TestCase):
    def setUp(self) -> None:
        self.mends = {mend.name: mend for mend in registry.all_mends()}
        suite = unittest.defaultTestLoader.discover(
            run.HERE, pattern="test_*.py", top_level_dir=run.ROOT
        )
        self.tests = {test.id(): run.proofs(test) for test in run.flatten(suite)}

    def test_every_mend_says_which_call_goes_wrong(self) -> None:
        for mend in self.mends.values():
            with self.subTest(mend.name):
                self.assertGreater(len(mend.reason.split()), 3)

    def test_every_mend_is_proved_by_a_test(self) -> None:
        proved = {name for proofs in self.tests.values() for name in proofs}
        self.assertEqual(set(), set(self.mends) - proved)

    def test_every_test_names_mends_that_exist(self) -> None:
        for test, proofs in self.tests.items():
            with self.subTest(test):
                self.assertEqual(set(), set(proofs) - set(self.mends))

    def test_every_test_of_a_service_proves_a_mend(self) -> None:
        of_services = [
            test
            for test in self.tests
            if test.split(".")[1].removeprefix("test_") in registry.services()
        ]
        self.assertEqual([], [test for test in of_services if not self.tests[test]])

    def test_every_service_has_a_file_of_tests(self) -> None:
        files = {test.split(".")[1].removeprefix("test_") for test in self.tests}
        self.assertEqual(set(), set(registry.services()) - files)

    def test_no_mend_keeps_anything_in_a_module(self) -> None:
        package = importlib.import_module(registry.MENDS_PACKAGE)
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            module = importlib.import_module(found.name)
            kept = [
                name
                for name, value in vars(module).items()
                if type(value) in (dict, list, set) and not name.isupper() and name[0] != "_"
            ]
            with self.subTest(found.name):
                self.assertEqual([], kept)

    def test_a_mend_without_a_reason_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            registry.mend("s3", " ")

    def test_two_mends_of_one_name_are_refused(self) -> None:
        def delete_markers_can_be_removed() -> None:
            """Named as a mend that there is."""

        with self.assertRaises(ValueError):
            registry.mend("s3", "for the test of the register")(delete_markers_can_be_removed)
