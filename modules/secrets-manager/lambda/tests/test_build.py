import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

HERE = pathlib.Path(__file__).resolve().parent.parent


def build(output):
    subprocess.run([sys.executable, HERE / "build", output], check=True)
    return pathlib.Path(output).read_bytes()


class ThePackage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_is_the_same_each_time(self):
        first = build(self.folder / "first.zip")
        for source in (HERE / "rotation").glob("*.py"):
            os.utime(source)
        self.assertEqual(first, build(self.folder / "deeper" / "second.zip"))

    def test_holds_the_function_and_nothing_else(self):
        build(self.folder / "rotation.zip")
        with zipfile.ZipFile(self.folder / "rotation.zip") as archive:
            sources = sorted(f"rotation/{source.name}" for source in (HERE / "rotation").glob("*.py"))
            self.assertEqual(archive.namelist(), sources)
            self.assertEqual({entry.external_attr >> 16 for entry in archive.infolist()}, {0o100644})


if __name__ == "__main__":
    unittest.main()
