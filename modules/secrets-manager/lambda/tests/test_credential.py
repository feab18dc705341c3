import json
import unittest

from rotation.credential import Credential, InvalidCredential

from .fakes import stored


class ReadingACredential(unittest.TestCase):
    def test_keeps_keys_it_does_not_know(self):
        credential = Credential.from_json(stored(schema="ledger"))
        self.assertEqual(json.loads(credential.to_json())["schema"], "ledger")

    def test_port_and_database_have_defaults(self):
        text = json.dumps({"engine": "postgres", "host": "db", "username": "app", "password": "x"})
        credential = Credential.from_json(text)
        self.assertEqual((credential.port, credential.dbname), (5432, "postgres"))

    def test_refuses_what_cannot_be_used(self):
        for text, message in {
            "not json": "not JSON",
            "[]": "not a JSON object",
            stored().replace("postgres", "mysql"): "must be \"postgres\"",
            stored(password=""): "no password",
            stored(host=""): "no host",
            stored().replace("5432", '"many"'): '"port" must be a number',
        }.items():
            with self.subTest(message), self.assertRaisesRegex(InvalidCredential, message):
                Credential.from_json(text)

    def test_no_error_and_no_representation_shows_the_secret(self):
        with self.assertRaises(InvalidCredential) as caught:
            Credential.from_json("hunter2")
        self.assertNotIn("hunter2", str(caught.exception))
        self.assertIsNone(caught.exception.__cause__)
        self.assertNotIn("hunter2", repr(Credential.from_json(stored(password="hunter2", token="hunter2"))))


class AlternatingUsers(unittest.TestCase):
    def test_take_turns(self):
        first = Credential.from_json(stored("app"))
        self.assertEqual(first.other_user().username, "app_clone")
        self.assertEqual(first.other_user().other_user().username, "app")

    def test_a_name_without_room_for_the_suffix_is_refused(self):
        with self.assertRaisesRegex(InvalidCredential, "no room"):
            Credential.from_json(stored("a" * 58)).other_user()


if __name__ == "__main__":
    unittest.main()
