import unittest

from sluice_executor import policy

ARN = "arn:aws:execute-api:us-east-1:000000000000:sluice/prod/GET/v1/videos/vid_1"


def statement(effect: str, resource, action="execute-api:Invoke") -> dict:
    return {"Effect": effect, "Action": action, "Resource": resource}


class Policies(unittest.TestCase):
    def test_who_is_let_in(self) -> None:
        stage = ARN.replace("GET/v1/videos/vid_1", "*")
        for name, statements, want in [
            ("nothing said", [], False),
            ("this method", [statement("Allow", ARN)], True),
            ("the whole stage", [statement("Allow", [stage])], True),
            ("another method", [statement("Allow", ARN.replace("GET", "POST"))], False),
            ("another action", [statement("Allow", ARN, "s3:GetObject")], False),
            ("any action", [statement("Allow", ARN, ["execute-api:*"])], True),
            ("a single statement, no list", statement("Allow", ARN), True),
            ("a deny beside it", [statement("Allow", stage), statement("Deny", ARN)], False),
            ("a deny of something else", [statement("Allow", stage), statement("Deny", "arn:other")], True),
        ]:
            with self.subTest(name):
                self.assertEqual(policy.allows_method({"Statement": statements}, ARN), want)

    def test_context_is_of_strings(self) -> None:
        got = policy.caller_context({"principalId": "acme", "context": {"tenant": "acme", "admin": True, "limit": 3}})
        self.assertEqual(
            got, {"tenant": "acme", "admin": "true", "limit": "3", "principalId": "acme", "integrationLatency": 0}
        )


class Callers(unittest.TestCase):
    def test_token(self) -> None:
        authorizer = {"identitySource": "method.request.header.Authorization"}
        bearer = {**authorizer, "identityValidationExpression": "Bearer .+"}
        for name, asked, headers, want in [
            ("there", authorizer, {"Authorization": "Bearer x"}, "Bearer x"),
            ("missing", authorizer, {}, None),
            ("empty", authorizer, {"Authorization": ""}, None),
            ("as the expression wants it", bearer, {"Authorization": "Bearer x"}, "Bearer x"),
            ("not as it wants it", bearer, {"Authorization": "Basic x"}, None),
        ]:
            with self.subTest(name):
                self.assertEqual(policy.read_token(asked, headers), want)

    def test_signer(self) -> None:
        signed = "AWS4-HMAC-SHA256 Credential=AKIA1/20261123/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0"
        for headers, want in [({"Authorization": signed}, "AKIA1"), ({"Authorization": "Bearer x"}, None), ({}, None)]:
            self.assertEqual(policy.read_access_key(headers), want)


if __name__ == "__main__":
    unittest.main()
