from __future__ import annotations

import base64
import io
import json
import os
import zipfile

from .support import OTHER_ACCOUNT, MendTest, client, proves, zip_of

# Stock moto would fetch an image and run the function in it where Docker is to be had.
os.environ["DOCKER_HOST"] = "unix:///nonexistent"

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}


class LambdaTest(MendTest):
    def create(self, source: str, account: str = "123456789012", **arguments: object) -> None:
        role = client("iam", account=account).create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(TRUST))
        client("lambda", account=account).create_function(
            FunctionName="f",
            Runtime="python3.13",
            Handler="code.handle",
            Role=role["Role"]["Arn"],
            Code={"ZipFile": zip_of(code=source)},
            **{"Timeout": 10, **arguments},
        )

    def invoke(self, event: object, account: str = "123456789012") -> tuple[object, str | None, str]:
        answer = client("lambda", account=account).invoke(
            FunctionName="f", Payload=json.dumps(event).encode(), LogType="Tail"
        )
        log = base64.b64decode(answer.get("LogResult", "")).decode()
        return json.loads(answer["Payload"].read()), answer.get("FunctionError"), log

    @proves("awslambda.python_functions_run_in_a_process")
    def test_a_function_answers_what_its_handler_returns(self) -> None:
        self.create("def handle(event, context):\n    print('asked')\n    return {'twice': event['n'] * 2}\n")
        self.assertEqual(({"twice": 6}, None, "asked\n"), self.invoke({"n": 3}))
        logs = client("logs")
        stream = logs.describe_log_streams(logGroupName="/aws/lambda/f")["logStreams"][0]["logStreamName"]
        events = logs.get_log_events(logGroupName="/aws/lambda/f", logStreamName=stream)["events"]
        self.assertEqual(["asked"], [event["message"] for event in events])

    @proves("awslambda.python_functions_run_in_a_process")
    def test_a_function_that_raises_has_failed(self) -> None:
        self.create("def handle(event, context):\n    raise ValueError('no such thing')\n")
        answer, failed, log = self.invoke({})
        self.assertEqual({"errorType": "ValueError", "errorMessage": "no such thing"}, answer)
        self.assertTrue(failed)
        self.assertIn("Traceback", log)

    @proves("awslambda.python_functions_run_in_a_process")
    def test_a_function_that_takes_too_long_has_failed(self) -> None:
        self.create("import time\ndef handle(event, context):\n    time.sleep(30)\n", Timeout=1)
        answer, failed, _ = self.invoke({})
        self.assertEqual({"errorMessage": "Task timed out after 1 seconds"}, answer)
        self.assertTrue(failed)

    @proves("awslambda.python_functions_run_in_a_process")
    def test_a_function_acts_as_its_role_in_its_account(self) -> None:
        self.create(
            "import boto3\ndef handle(event, context):\n    return boto3.client('sts').get_caller_identity()['Arn']\n",
            OTHER_ACCOUNT,
        )
        answer, failed, _ = self.invoke({}, OTHER_ACCOUNT)
        self.assertEqual((f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/f/f", None), (answer, failed))

    @proves("awslambda.python_functions_run_in_a_process")
    def test_a_function_finds_its_environment_and_its_layers(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("python/driver.py", "NAME = 'driver'\n")
            archive.writestr("ca/bundle.pem", "certificates")
        layer = client("lambda").publish_layer_version(LayerName="driver", Content={"ZipFile": packed.getvalue()})
        self.create(
            "import os, driver\ndef handle(event, context):\n"
            "    return [driver.NAME, os.environ['COLOUR'], open(os.environ['BUNDLE']).read()]\n",
            Layers=[layer["LayerVersionArn"]],
            Environment={"Variables": {"COLOUR": "blue", "BUNDLE": "/opt/ca/bundle.pem"}},
        )
        self.assertEqual((["driver", "blue", "certificates"], None), self.invoke({})[:2])

    @proves("awslambda.log_events_have_whole_milliseconds")
    def test_the_times_of_a_functions_log_are_whole_numbers(self) -> None:
        self.create("def handle(event, context):\n    print('asked')\n")
        self.invoke({})
        events = client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]
        self.assertEqual([int], [type(event["timestamp"]) for event in events])

    @proves("awslambda.configuration_is_answered_as_given")
    def test_the_key_and_the_tracing_mode_are_kept(self) -> None:
        key = "arn:aws:kms:us-east-1:123456789012:key/environment"
        self.create("", KMSKeyArn=key, TracingConfig={"Mode": "Active"})
        found = client("lambda").get_function_configuration(FunctionName="f")
        self.assertEqual((key, "Active"), (found["KMSKeyArn"], found["TracingConfig"]["Mode"]))
        changed = client("lambda").update_function_configuration(
            FunctionName="f", KMSKeyArn=key + "-other", TracingConfig={"Mode": "PassThrough"}
        )
        self.assertEqual((key + "-other", "PassThrough"), (changed["KMSKeyArn"], changed["TracingConfig"]["Mode"]))
