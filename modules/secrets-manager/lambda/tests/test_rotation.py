import unittest

from rotation import handler
from rotation.credential import InvalidCredential
from rotation.steps import RotationFailed
from rotation.versions import RotationRefused

from .fakes import FakeDatabase, FakeSecretsManager, stored

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class RotationCase(unittest.TestCase):
    def setUp(self):
        self.client = FakeSecretsManager({"app": {"v1": (["AWSCURRENT"], stored()), "v2": (["AWSPENDING"], None)}})
        self.database = FakeDatabase(app="old")
        self.environ = {}

    def step(self, name, token="v2", secret="app"):
        event = {"SecretId": secret, "ClientRequestToken": token, "Step": name}
        handler.run(event, self.client, self.database, self.environ)

    def rotate(self, token="v2"):
        for name in STEPS:
            self.step(name, token)

    def start_next(self, token):
        self.client.secrets["app"][token] = ({"AWSPENDING"}, None)

    def opens(self, version, secret="app"):
        connection = self.database.login(self.client.credential(secret, version))
        if connection:
            connection.close()
        return connection is not None


class SingleUser(RotationCase):
    def test_the_new_password_opens_and_the_old_one_does_not(self):
        self.rotate()
        self.assertIn("AWSCURRENT", self.client.labels("app", "v2"))
        self.assertIn("AWSPREVIOUS", self.client.labels("app", "v1"))
        self.assertTrue(self.opens("v2"))
        self.assertFalse(self.opens("v1"))
        self.assertEqual(len(self.client.credential("app", "v2").password), handler.PASSWORD_LENGTH)

    def test_nothing_but_the_password_changes(self):
        self.rotate()
        old, new = self.client.credential("app", "v1"), self.client.credential("app", "v2")
        self.assertEqual(new.with_password(old.password), old)

    def test_the_database_never_sees_a_password(self):
        self.rotate()
        password = self.client.credential("app", "v2").password
        self.assertTrue(any("ALTER ROLE" in statement for statement in self.database.statements))
        self.assertFalse(any(password in statement for statement in self.database.statements))

    def test_every_connection_is_closed(self):
        self.rotate()
        self.assertEqual(self.database.open, 0)

    def test_each_step_may_be_repeated(self):
        for name in STEPS:
            self.step(name)
            self.step(name)
        self.assertTrue(self.opens("v2"))
        self.assertEqual(self.client.passwords, 1, "a repeated createSecret made another password")

    def test_readers_see_the_old_password_until_the_last_step(self):
        for name in STEPS[:3]:
            self.step(name)
            self.assertIn("AWSCURRENT", self.client.labels("app", "v1"))

    def test_two_rotations_follow_each_other(self):
        self.rotate()
        self.start_next("v3")
        self.rotate("v3")
        self.assertTrue(self.opens("v3"))
        self.assertFalse(self.opens("v2"))

    def test_a_database_one_password_behind_is_caught_up(self):
        self.rotate()
        self.database.roles = FakeDatabase(app="old").roles  # restored from before the rotation
        self.start_next("v3")
        self.rotate("v3")
        self.assertTrue(self.opens("v3"))

    def test_a_database_that_knows_no_password_fails_and_nothing_moves(self):
        self.database.roles = FakeDatabase(app="something else").roles
        self.step("createSecret")
        with self.assertRaisesRegex(RotationFailed, "refuses the pending, the current and the previous"):
            self.step("setSecret")
        self.assertIn("AWSCURRENT", self.client.labels("app", "v1"))
        self.assertEqual(self.database.open, 0)

    def test_a_pending_version_for_another_server_gets_no_password(self):
        self.step("createSecret")
        self.client.secrets["app"]["v2"] = ({"AWSPENDING"}, stored(password="new", host="elsewhere"))
        with self.assertRaisesRegex(RotationFailed, "another server"):
            self.step("setSecret")

    def test_a_pending_version_for_another_user_is_refused(self):
        self.client.secrets["app"]["v2"] = ({"AWSPENDING"}, stored("admin", "new"))
        with self.assertRaisesRegex(RotationFailed, "another user"):
            self.step("setSecret")

    def test_a_new_password_that_does_not_open_fails_the_test(self):
        self.step("createSecret")
        with self.assertRaisesRegex(RotationFailed, "refuses the pending"):
            self.step("testSecret")

    def test_a_login_without_answers_fails_the_test(self):
        self.step("createSecret")
        self.step("setSecret")
        self.database.answer = []
        with self.assertRaisesRegex(RotationFailed, "answers nothing"):
            self.step("testSecret")
        self.assertEqual(self.database.open, 0)


class AlternatingUsers(RotationCase):
    def setUp(self):
        super().setUp()
        self.client.secrets["super"] = {"s1": ({"AWSCURRENT"}, stored("admin", "root"))}
        self.database = FakeDatabase(app="old", admin="root")
        self.environ = {"SUPERUSER_SECRET_ARN": "super"}

    def test_the_old_credential_holds_after_the_rotation(self):
        self.rotate()
        self.assertEqual(self.client.credential("app", "v2").username, "app_clone")
        self.assertTrue(self.opens("v2"))
        self.assertTrue(self.opens("v1"))

    def test_the_clone_may_do_what_the_first_user_may(self):
        self.rotate()
        self.assertEqual(self.database.grants, [("app", "app_clone")])

    def test_the_users_take_turns_and_no_third_is_made(self):
        self.rotate()
        self.start_next("v3")
        self.rotate("v3")
        self.assertEqual(self.client.credential("app", "v3").username, "app")
        self.start_next("v4")
        self.rotate("v4")
        self.assertEqual(self.client.credential("app", "v4").username, "app_clone")
        self.assertEqual(set(self.database.roles), {"app", "app_clone", "admin"})
        self.assertTrue(self.opens("v4"))
        self.assertTrue(self.opens("v3"))
        self.assertFalse(self.opens("v2"))

    def test_a_clone_is_never_left_without_its_grant(self):
        self.step("createSecret")
        grant = self.database.login

        class Broken(Exception):
            pass

        def login(credential):
            connection = grant(credential)
            if connection:
                run = connection.run

                def failing(sql, **params):
                    if sql.startswith("GRANT"):
                        raise Broken
                    return run(sql, **params)

                connection.run = failing
            return connection

        self.database.login = login
        with self.assertRaises(Broken):
            self.step("setSecret")
        self.assertNotIn("app_clone", self.database.roles)

    def test_a_superuser_of_another_server_is_not_sent_there(self):
        self.client.secrets["super"] = {"s1": ({"AWSCURRENT"}, stored("admin", "root", host="elsewhere"))}
        self.step("createSecret")
        with self.assertRaisesRegex(RotationFailed, "superuser's secret names another server"):
            self.step("setSecret")

    def test_a_superuser_that_is_refused_fails_and_nothing_moves(self):
        self.client.secrets["super"] = {"s1": ({"AWSCURRENT"}, stored("admin", "wrong"))}
        self.step("createSecret")
        with self.assertRaisesRegex(RotationFailed, "superuser's credential"):
            self.step("setSecret")
        self.assertIn("AWSCURRENT", self.client.labels("app", "v1"))

    def test_a_pending_version_for_a_third_user_is_refused(self):
        self.client.secrets["app"]["v2"] = ({"AWSPENDING"}, stored("admin", "new"))
        with self.assertRaisesRegex(RotationFailed, "other user of the pair"):
            self.step("setSecret")


class Events(RotationCase):
    def test_a_secret_without_rotation_is_refused(self):
        self.client.rotation_enabled = False
        with self.assertRaisesRegex(RotationRefused, "not switched on"):
            self.step("createSecret")

    def test_a_version_that_does_not_exist_is_refused(self):
        with self.assertRaisesRegex(RotationRefused, "no version v9"):
            self.step("createSecret", token="v9")

    def test_a_version_that_is_not_pending_is_refused(self):
        self.client.secrets["app"]["v0"] = (set(), stored())
        with self.assertRaisesRegex(RotationRefused, "not pending"):
            self.step("createSecret", token="v0")

    def test_a_version_that_is_current_is_left_alone(self):
        self.step("setSecret", token="v1")
        self.assertEqual(self.database.statements, [])

    def test_an_unknown_step_is_refused(self):
        with self.assertRaisesRegex(ValueError, "unknown step 'explode'"):
            self.step("explode")

    def test_a_secret_that_is_no_credential_is_refused(self):
        self.client.secrets["app"]["v1"] = ({"AWSCURRENT"}, "hunter2")
        with self.assertRaises(InvalidCredential):
            self.step("createSecret")


if __name__ == "__main__":
    unittest.main()
