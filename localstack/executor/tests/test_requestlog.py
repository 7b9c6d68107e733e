import base64
import json
import pathlib
import tempfile
import unittest

from sluice_executor import requestlog

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIA/20261128/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


class Records(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        requestlog.FILE = str(pathlib.Path(folder.name, "requests.jsonl"))
        self.addCleanup(setattr, requestlog, "FILE", None)

    def test_only_requests_of_functions_are_recorded(self) -> None:
        headers = {
            "user-agent": "aws-sdk-go-v2/1 app/sluice-encode m/E", "authorization": SIGNED.format("sqs"),
            "x-amz-security-token": "secret",
        }
        requestlog.record("POST", "/", {**headers, "user-agent": "aws-sdk-go-v2/1 m/E"}, self.fail)
        requestlog.record("POST", "/?a=b", headers, lambda: b"of a function")
        requestlog.record("PUT", "/bucket/key", {**headers, "authorization": SIGNED.format("s3")}, self.fail)
        first, second = map(json.loads, pathlib.Path(requestlog.FILE).read_text().splitlines())
        self.assertEqual((first["method"], first["url"]), ("POST", "/?a=b"))
        self.assertEqual(base64.b64decode(first["body"]), b"of a function")
        self.assertEqual(second["body"], "")
        self.assertNotIn("secret", str(first))
