"""The role hook against scripted receivers: what it sends, whom it does not call, what it does with an answer."""

import hashlib
import hmac
import http.server
import json
import os
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))

from harness.waiting import wait_for
from role import RoleTest

KEY = "a secret of the host"


class Receiver(http.server.ThreadingHTTPServer):
    """Answers as the path says; keeps every request."""

    daemon_threads = True

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Answer)
        self.requests = []
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def url(self, path, scheme="http", host="127.0.0.1"):
        return f"{scheme}://{host}:{self.port}{path}"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), body))
        kind, _, word = self.path.strip("/").partition("/")
        getattr(self, f"answer_{kind}")(word)

    do_GET = do_POST

    def log_message(self, *_):
        pass

    def answer_code(self, word):
        self.send_response(int(word))
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"hm\n")

    def answer_redirect(self, _):
        self.send_response(302)
        self.send_header("Location", self.server.url("/code/200"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_slow(self, word):
        time.sleep(float(word))
        self.answer_code("200")

    def answer_endless(self, word):
        """More than anybody reads."""
        self.send_response(int(word))
        self.end_headers()
        try:
            for _ in range(4096):
                self.wfile.write(b"x" * 65536)
        except OSError:
            return
        self.server.requests.append("wrote it all")

    def answer_drip(self, _):
        """A byte now and then, for ever."""
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(600):
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    def answer_nothing(self, _):
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer_binary(self, _):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"\xff\x00\x1b[31mred\nsecond line")


class Hook(RoleTest):
    def setUp(self):
        self.desk.sql("delete from web_hook_call; delete from setting")
        self.desk.write_secret("hooks", KEY)
        self.set("web-hook-secret", "hooks")
        self.set("web-hook-private", "yes")
        self.set("web-hook-http", "yes")
        self.receiver = Receiver()
        self.addCleanup(self.receiver.shutdown)

    def set(self, name, value):
        self.desk.sql("insert into setting (name, value) values (:'v1', :'v2')"
                      " on conflict (name) do update set value = excluded.value", name, value)

    def queue(self, url, event="ticket-created"):
        return int(self.desk.sql(
            "insert into web_hook_call (rule, event, url, body) values ('tell them', :'v2', :'v1',"
            " jsonb_build_object('event', :'v2', 'ticket', jsonb_build_object('title', 'Drucker für Ü')))"
            " returning id", url, event))

    def call(self, call):
        return self.desk.rows("select state, attempt, answer, next_try_at - now() as wait,"
                              " lease_holder from web_hook_call where id = :'v1'", call)[0]

    def ended(self, call, state, seconds=15.0):
        def there():
            row = self.call(call)
            return row if row["state"] == state else None
        return wait_for(f"call {call} {state}", there, seconds)

    def tried(self, call, seconds=15.0):
        def there():
            row = self.call(call)
            return row if row["attempt"] > 0 else None
        return wait_for(f"a try of call {call}", there, seconds)

    def test_it_posts_what_was_queued_and_signs_it(self):
        call = self.queue(self.receiver.url("/code/204"))
        role = self.role("hook")
        row = self.ended(call, "sent")
        self.assertEqual(row["attempt"], 1)
        self.assertTrue(row["answer"].startswith("204"), row)
        path, headers, body = self.receiver.requests[0]
        self.assertEqual(path, "/code/204")
        self.assertEqual(json.loads(body), {"event": "ticket-created",
                                            "ticket": {"title": "Drucker für Ü"}})
        self.assertEqual(headers["X-Postdesk-Call"], str(call))
        self.assertTrue(headers["Content-Type"].startswith("application/json"))
        parts = dict(part.split("=", 1) for part in headers["X-Postdesk-Signature"].split(","))
        self.assertLess(abs(int(parts["t"]) - time.time()), 60)
        want = hmac.new(KEY.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        self.assertEqual(parts["v1"], want)
        role.stop()
        self.assertEqual(len(self.receiver.requests), 1)

    def test_a_server_that_is_in_trouble_is_asked_again_and_one_that_refuses_is_not(self):
        self.set("retry-first", "1s")
        trouble = [self.queue(self.receiver.url(f"/code/{code}")) for code in (500, 503, 429, 408)]
        refused = [self.queue(self.receiver.url(f"/code/{code}")) for code in (400, 401, 404, 410)]
        role = self.role("hook")
        for call in trouble:
            row = self.tried(call)
            self.assertEqual((row["state"], row["lease_holder"]), ("queued", None), row)
        for call in refused:
            self.ended(call, "failed")
        wait_for("a second try", lambda: self.call(trouble[0])["attempt"] >= 2)
        self.assertEqual(self.call(refused[0])["attempt"], 1)
        role.stop()

    def test_it_gives_up_in_the_end(self):
        self.set("retry-first", "100ms")
        self.set("retry-most", "100ms")
        self.set("retry-give-up", "1s")
        call = self.queue(self.receiver.url("/code/500"))
        role = self.role("hook")
        self.assertGreater(self.ended(call, "failed")["attempt"], 2)
        role.stop()

    def test_it_follows_no_redirect(self):
        call = self.queue(self.receiver.url("/redirect"))
        role = self.role("hook")
        self.assertTrue(self.ended(call, "failed")["answer"].startswith("302"))
        role.stop()
        self.assertEqual([path for path, *_ in self.receiver.requests], ["/redirect"])

    def test_it_reads_no_more_of_an_answer_than_it_has_to(self):
        good = self.queue(self.receiver.url("/endless/200"))
        bad = self.queue(self.receiver.url("/endless/500"))
        role = self.role("hook")
        self.assertTrue(self.ended(good, "sent")["answer"].startswith("200 xxx"))
        self.assertTrue(self.tried(bad)["answer"].startswith("500 xxx"))
        role.stop()
        self.assertNotIn("wrote it all", self.receiver.requests)

    def test_it_waits_for_nobody_longer_than_ten_seconds(self):
        slow = self.queue(self.receiver.url("/slow/60"))
        drip = self.queue(self.receiver.url("/drip"))
        begun = time.monotonic()
        role = self.role("hook")
        for call in (slow, drip):
            row = self.tried(call, 40)
            self.assertEqual(row["state"], "queued")
            self.assertIn("could not be called", row["answer"])
        self.assertLess(time.monotonic() - begun, 30)
        role.stop()

    def test_nobody_there_and_a_server_that_hangs_up_are_tried_again(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            nobody = self.queue(f"http://127.0.0.1:{free.getsockname()[1]}/")
            hangs_up = self.queue(self.receiver.url("/nothing"))
            no_name = self.queue("http://does-not-exist.invalid/")
            role = self.role("hook")
            for call in (nobody, hangs_up, no_name):
                row = self.tried(call, 30)
                self.assertEqual(row["state"], "queued", row)
            role.stop()

    def test_an_answer_is_one_clean_line(self):
        call = self.queue(self.receiver.url("/binary"))
        role = self.role("hook")
        answer = self.ended(call, "sent")["answer"]
        self.assertNotIn("\x1b", answer)
        self.assertNotIn("\n", answer)
        self.assertIn("second line", answer)
        role.stop()

    def test_it_calls_no_private_address_however_it_is_written(self):
        self.set("web-hook-private", "no")
        port = self.receiver.port
        calls = [self.queue(f"http://{host}:{port}/code/200") for host in (
            "127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "0177.0.0.1", "[::1]",
            "[::ffff:127.0.0.1]", "0.0.0.0", "[::]")]
        role = self.role("hook")
        for call in calls:
            row = self.ended(call, "failed")
            self.assertIn("its address is this machine's", row["answer"], row)
        role.stop()
        self.assertEqual(self.receiver.requests, [])

    def test_it_calls_nothing_but_https_unless_it_may(self):
        self.set("web-hook-http", "no")
        plain = self.queue(self.receiver.url("/code/200"))
        local = self.queue("file:///etc/passwd")
        other = self.queue(f"gopher://127.0.0.1:{self.receiver.port}/_POST")
        role = self.role("hook")
        self.assertIn("cannot be called", self.ended(plain, "failed")["answer"])
        for call in (local, other):
            self.assertIn("URL", self.ended(call, "failed")["answer"])
        role.stop()
        self.assertEqual(self.receiver.requests, [])

    def test_it_trusts_only_the_hosts_authorities(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pki = self.servers.folder / "pki"
        context.load_cert_chain(pki / "server.pem", pki / "server.key")
        secure = Receiver(context)
        self.addCleanup(secure.shutdown)
        self.set("web-hook-http", "no")
        call = self.queue(secure.url("/code/200", "https"))
        strict = self.role("hook", config=self.other_config(**{"ca-file": "/etc/ssl/certs/ca-certificates.crt"}))
        self.assertIn("certificate", self.tried(call)["answer"])
        strict.stop()
        self.assertEqual(secure.requests, [])
        self.desk.sql("update web_hook_call set next_try_at = now()")
        role = self.role("hook")
        self.ended(call, "sent")
        role.stop()

    def test_a_url_that_holds_a_user_is_never_called(self):
        call = self.queue(self.receiver.url("/code/200", host="user:secret@127.0.0.1"))
        role = self.role("hook")
        self.assertIn("a user", self.ended(call, "failed")["answer"])
        role.stop()
        self.assertEqual(self.receiver.requests, [])

    def test_it_asks_no_proxy(self):
        call = self.queue(self.receiver.url("/code/200"))
        role = self.role("hook", http_proxy="http://127.0.0.1:1", HTTP_PROXY="http://127.0.0.1:1",
                         all_proxy="http://127.0.0.1:1")
        self.ended(call, "sent")
        role.stop()

    def test_without_its_secret_it_calls_nobody_and_loses_nothing(self):
        self.set("retry-first", "100ms")
        self.set("web-hook-secret", "none")
        call = self.queue(self.receiver.url("/code/200"))
        role = self.role("hook")
        self.assertIn("web-hook-secret", self.tried(call)["answer"])
        self.set("web-hook-secret", "not-there")
        wait_for("the other word", lambda: "not-there" in self.call(call)["answer"])
        self.assertEqual(self.receiver.requests, [])
        self.set("web-hook-secret", "hooks")
        self.ended(call, "sent")
        role.stop()

    def test_a_call_whose_end_was_not_written_is_made_again_under_its_number(self):
        call = self.queue(self.receiver.url("/code/200"))
        dying = self.role("hook", POSTDESK_FAULT="hook.after_call:1:kill")
        dying.wait_killed()
        self.desk.sql("update web_hook_call set lease_until = now()")
        role = self.role("hook")
        self.ended(call, "sent")
        role.stop()
        self.assertEqual([headers["X-Postdesk-Call"] for _, headers, _ in self.receiver.requests],
                         [str(call)] * 2)

    def test_two_of_them_make_each_call_once(self):
        calls = [self.queue(self.receiver.url("/code/200")) for _ in range(60)]
        roles = [self.role("hook") for _ in range(2)]
        for call in calls:
            self.ended(call, "sent")
        for role in roles:
            role.stop()
        numbers = [headers["X-Postdesk-Call"] for _, headers, _ in self.receiver.requests]
        self.assertEqual(sorted(map(int, numbers)), calls)

    def test_it_ends_at_once_and_gives_back_what_it_has_not_called(self):
        calls = [self.queue(self.receiver.url("/slow/1")) for _ in range(5)]
        role = self.role("hook")
        wait_for("the first call", lambda: self.receiver.requests)
        begun = time.monotonic()
        role.stop()
        self.assertLess(time.monotonic() - begun, 4)
        self.assertEqual([self.call(call)["lease_holder"] for call in calls], [None] * 5)
