import http.client
import http.server
import threading
import unittest

from sluice_executor import crossorigin

INVOKE = "/restapis/sluice/prod/_user_request_/v1/videos"
SIGNED = "/media/v/1?X-Amz-Credential=KEY/20261128/us-east-1/s3/aws4_request&X-Amz-Signature=0"


def refuses(method: str, target: str, headers: dict[str, str]) -> bool:
    given = [(name, value) for name, value in {"Host": "127.0.0.1:4566", **headers}.items() if value]
    return crossorigin.find_refusal(
        method, target, given, 4566, lambda bucket, key: (bucket, key) == ("media", "KEY")
    ) is not None


class CrossOrigin(unittest.TestCase):
    def test_hosts(self) -> None:
        for host, want in {
            "127.0.0.1:4566": False, "127.9.9.9:4566": False, "[::1]:4566": False, "LOCALHOST:4566": False,
            "localhost.:4566": False, "bucket.s3.localhost:4566": False, "e1.cloudfront.net": False,
            "": True, "127.0.0.1": True, "127.0.0.1:80": True, "attacker.test:4566": True, "10.0.0.1:4566": True,
            "127.0.0.1.attacker.test:4566": True, "localhost.attacker.test:4566": True, "notlocalhost:4566": True,
            "x@127.0.0.1:4566": True, "cloudfront.net": True, "e1.cloudfront.net.attacker.test": True, "0.0.0.0:4566": True,
        }.items():
            for target in ("/", INVOKE, SIGNED):
                with self.subTest(f"{host} {target}"):
                    self.assertEqual(refuses("GET", target, {"Host": host}), want)

    def test_foreign_pages(self) -> None:
        for headers, want in [
            ({}, False),
            ({"Origin": "http://127.0.0.1:4566", "Sec-Fetch-Site": "same-origin"}, False),
            ({"Referer": "http://localhost:4566/studio"}, False),
            ({"Sec-Fetch-Site": "none"}, False),
            ({"Origin": "null"}, True),
            ({"Origin": "https://attacker.test"}, True),
            ({"Origin": "http://attacker.test:4566"}, True),
            ({"Origin": "https://127.0.0.1:4566"}, True),
            ({"Origin": "http://127.0.0.1:8080"}, True),
            ({"Origin": "http://127.0.0.1:4566", "Referer": "http://attacker.test/"}, True),
            ({"Referer": "http://attacker.test/127.0.0.1:4566/"}, True),
            ({"Referer": "http://127.0.0.1:4566.attacker.test/"}, True),
            ({"Sec-Fetch-Site": "cross-site"}, True),
            ({"Sec-Fetch-Site": "same-site"}, True),
        ]:
            with self.subTest(str(headers)):
                self.assertEqual(refuses("POST", "/", headers), want)
                self.assertEqual(refuses("OPTIONS", "/2015-03-31/functions", headers), want)
                self.assertFalse(refuses("POST", INVOKE, headers))
                self.assertFalse(refuses("PUT", SIGNED, headers))

    def test_what_foreign_pages_reach(self) -> None:
        for method, target, extra, want in [
            ("OPTIONS", INVOKE, {}, False),
            ("GET", "/_aws/execute-api/sluice/prod/studio", {}, False),
            ("POST", INVOKE, {"Authorization": "Bearer slc_1"}, False),
            ("POST", INVOKE, {"Authorization": "AWS4-HMAC-SHA256 Credential=KEY/…"}, True),
            ("POST", INVOKE, {"X-Amz-Target": "AWSLambda.Invoke"}, True),
            ("POST", INVOKE + "?Action=CreateRole", {}, True),
            ("GET", INVOKE + "/../../../../../", {}, True),
            ("GET", INVOKE + "/%2e%2e/x", {}, True),
            ("GET", INVOKE + "/%252e%252e/x", {}, True),
            ("GET", "/x" + INVOKE, {}, True),
            ("POST", "/restapis/sluice/stages", {}, True),
            ("GET", "/2015-03-31/functions", {}, True),
            ("GET", "/_ministack/health", {}, True),
            ("OPTIONS", SIGNED, {}, False),
            ("HEAD", SIGNED, {}, False),
            ("DELETE", SIGNED, {}, True),
            ("POST", SIGNED, {}, True),
            ("GET", SIGNED.replace("KEY", "test"), {}, True),
            ("GET", SIGNED.replace("/media", "/2015-03-31"), {}, True),
            ("GET", SIGNED.replace("/s3/", "/iam/"), {}, True),
            ("GET", SIGNED.replace("X-Amz-Signature", "Signature"), {}, True),
            ("GET", SIGNED, {"X-Amz-Target": "AWSLambda.Invoke"}, True),
            ("GET", SIGNED, {"Authorization": "Bearer slc_1"}, True),
            ("GET", "/media/v/1", {}, True),
            ("GET", "/media/../x/1?" + SIGNED.partition("?")[2], {}, True),
        ]:
            with self.subTest(f"{method} {target} {extra}"):
                self.assertEqual(refuses(method, target, {"Origin": "https://attacker.test", **extra}), want)

    def test_no_bucket_is_known_by_default(self) -> None:
        headers = {"Host": "127.0.0.1:4566", "Origin": "https://attacker.test"}
        self.assertIsNotNone(crossorigin.find_refusal("GET", SIGNED, headers.items(), 4566))


class HTTPServers(unittest.TestCase):
    def test_every_server_is_guarded(self) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args) -> None:
                pass

        parse_request = http.server.BaseHTTPRequestHandler.parse_request
        self.addCleanup(setattr, http.server.BaseHTTPRequestHandler, "parse_request", parse_request)
        crossorigin.guard_http_servers()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.addCleanup(server.shutdown)
        for headers, want in [({}, 204), ({"Origin": "https://attacker.test"}, 403), ({"Host": "attacker.test"}, 403)]:
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
            connection.request("GET", "/", headers=headers)
            self.assertEqual(connection.getresponse().status, want, headers)
            connection.close()
