import base64
import hashlib
import hmac
import ssl
import sys
import types
import unittest
from unittest import mock

from rotation import postgres
from rotation.credential import Credential

from .fakes import stored


class TheVerifier(unittest.TestCase):
    def test_is_the_one_of_rfc_7677(self):
        """The exchange in RFC 7677, section 3, replayed against our verifier."""
        verifier = postgres.scram_verifier("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
        self.assertTrue(verifier.startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"))
        stored_key, server_key = (base64.b64decode(key) for key in verifier.rsplit("$", 1)[1].split(":"))

        nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        exchange = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}".encode()
        server_signature = hmac.digest(server_key, exchange, "sha256")
        self.assertEqual(base64.b64encode(server_signature), b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")

        proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
        signature = hmac.digest(stored_key, exchange, "sha256")
        client_key = bytes(a ^ b for a, b in zip(proof, signature))
        self.assertEqual(hashlib.sha256(client_key).digest(), stored_key)

    def test_is_salted_anew_each_time(self):
        self.assertNotEqual(postgres.scram_verifier("x"), postgres.scram_verifier("x"))

    def test_refuses_what_would_need_saslprep(self):
        with self.assertRaises(ValueError):
            postgres.scram_verifier("pässword")


class Quoting(unittest.TestCase):
    def test_a_name_cannot_end_its_quotes(self):
        self.assertEqual(postgres.identifier('a"; DROP ROLE b; --'), '"a""; DROP ROLE b; --"')

    def test_a_string_cannot_end_its_quotes(self):
        self.assertEqual(postgres.literal("it's"), "'it''s'")

    def test_what_no_server_reads_the_same_way_is_refused(self):
        for text in ("a\0b", "a\\b"):
            with self.subTest(text), self.assertRaises(ValueError):
                postgres.literal(text)
        with self.assertRaises(ValueError):
            postgres.identifier("a\0b")


class Login(unittest.TestCase):
    class DatabaseError(Exception):
        pass

    def setUp(self):
        self.connect = mock.Mock()
        native = types.SimpleNamespace(Connection=self.connect, DatabaseError=self.DatabaseError)
        package = types.SimpleNamespace(native=native)
        modules = mock.patch.dict(sys.modules, {"pg8000": package, "pg8000.native": native})
        modules.start()
        self.addCleanup(modules.stop)
        context = mock.patch.object(ssl, "create_default_context", wraps=lambda cafile: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self.context = context.start()
        self.addCleanup(context.stop)
        self.database = postgres.Database("/bundle.pem")
        self.credential = Credential.from_json(stored())

    def test_is_over_tls_with_the_servers_name_verified(self):
        self.database.login(self.credential)
        self.context.assert_called_once_with(cafile="/bundle.pem")
        used = self.connect.call_args.kwargs["ssl_context"]
        self.assertTrue(used.check_hostname)
        self.assertEqual(used.verify_mode, ssl.CERT_REQUIRED)
        self.assertEqual(self.connect.call_args.kwargs["host"], "db")

    def test_says_none_when_the_server_refuses_the_password(self):
        for code in ("28P01", "28000"):
            with self.subTest(code):
                self.connect.side_effect = self.DatabaseError({"C": code})
                self.assertIsNone(self.database.login(self.credential))

    def test_raises_what_says_nothing_about_the_password(self):
        for error in (self.DatabaseError({"C": "3D000"}), self.DatabaseError("broken"), ConnectionRefusedError()):
            with self.subTest(repr(error)):
                self.connect.side_effect = error
                with self.assertRaises(type(error)):
                    self.database.login(self.credential)


if __name__ == "__main__":
    unittest.main()
