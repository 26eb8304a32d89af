"""How people are told of a run: a real command, a real web server, a real mail server; and what may not be asked for."""

import json
import os
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from customerbase.errors import ConfigError
from customerbase.pipeline.notify import Message, read_hooks, tell
from customerbase.pipeline.settings import read_settings

WHERE = "tiny.yaml"
DONE = Message(
    "tiny",
    "みのり屋",
    "2026-10",
    "published",
    "abc",
    "売上は増えました。",
    "https://r.example/tiny/2026-10/",
    seconds=3.0,
)
FAILED = Message("tiny", "Minoriya", "2026-10", "failed", "abc", cause="identity: its kernel died", language="en")


def hooks(*content):
    return read_hooks(list(content), WHERE)


def test_a_command_gets_the_facts_as_json(tmp_path):
    told = tmp_path / "told"
    script = tmp_path / "tell"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > {told}.word\ncat > {told}\n')
    script.chmod(0o755)
    assert tell(hooks({"command": [str(script), "$(touch no); x"]}), DONE) == []
    facts = json.loads(told.read_text())
    assert facts["headline"] == "売上は増えました。" and facts["link"].startswith("https://r.example")
    assert facts["text"].splitlines()[0] == "みのり屋：2026-10の報告を発行しました"
    assert (tmp_path / "told.word").read_text() == "$(touch no); x"  # no shell reads it


class Receiver(BaseHTTPRequestHandler):
    answer, heard = 204, []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.heard.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(Receiver.answer)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    Receiver.answer, Receiver.heard = 204, []
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook/secret-token"
        server.shutdown()


def test_a_webhook_receives_the_facts_and_a_text_for_chats(web, monkeypatch):
    monkeypatch.setenv("CHAT", web)
    assert tell(hooks({"webhook": "env:CHAT", "on": ["failed"]}), DONE) == []
    assert Receiver.heard == []  # not asked to tell of that
    assert tell(hooks({"webhook": "env:CHAT", "on": ["failed"]}), FAILED) == []
    [(path, kind, facts)] = Receiver.heard
    assert path == "/hook/secret-token" and kind.startswith("application/json")
    assert facts["text"] == "Minoriya: the run of 2026-10 failed (what was published stands)\nidentity: its kernel died"


@pytest.mark.parametrize(("answer", "word"), [(500, "HTTPError 500"), (302, "HTTPError 302")])
def test_a_webhook_that_refuses_or_sends_elsewhere_is_said_without_its_address(web, answer, word):
    Receiver.answer = answer
    [said] = tell(hooks({"webhook": web}), DONE)
    assert word in said and "secret-token" not in said
    assert len(Receiver.heard) == 1


class Mailbox(socketserver.StreamRequestHandler):
    letters: ClassVar[list[bytes]] = []

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        letter, inside = [], False
        while line := self.rfile.readline():
            text = line.rstrip(b"\r\n")
            if inside and text == b".":
                Mailbox.letters.append(b"\n".join(letter))
                inside = False
                self.wfile.write(b"250 taken\r\n")
            elif inside:
                letter.append(text)
            elif text.upper() == b"DATA":
                inside = True
                self.wfile.write(b"354 go on\r\n")
            elif text.upper() == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 SMTPUTF8\r\n")


def test_a_mail_arrives_and_its_subject_is_one_line():
    import email
    import email.policy

    with socketserver.TCPServer(("127.0.0.1", 0), Mailbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = {"to": ["crm@example.jp", "boss@example.jp"], "from": "run@example.jp", "host": "127.0.0.1"}
        [hook] = hooks({"mail": {**address, "port": server.server_address[1]}})
        hostile = Message("tiny", "みのり屋\nBcc: all@example.jp", "2026-10", "published", "abc", "売上は増えました。")
        assert tell([hook], hostile) == []
        server.shutdown()
    letter = email.message_from_bytes(Mailbox.letters[-1], policy=email.policy.default)
    assert letter["To"] == "crm@example.jp, boss@example.jp" and letter["Bcc"] is None
    assert letter["Subject"] == "みのり屋 Bcc: all@example.jp：2026-10の報告を発行しました"
    assert "売上は増えました。" in letter.get_content()


def test_a_hook_that_cannot_be_reached_does_not_hinder_the_others(tmp_path):
    told = tmp_path / "told"
    script = tmp_path / "tell"
    script.write_text(f"#!/bin/sh\ncat > {told}\n")
    script.chmod(0o755)
    several = hooks(
        {"command": ["/no/such/program"]},
        {"webhook": "env:NOT_SET"},
        {"command": ["false"]},
        {"command": [str(script)]},
    )
    os.environ.pop("NOT_SET", None)
    said = tell(several, DONE)
    assert [line.split(" was")[0] for line in said] == [
        "run.notify[0] (command)",
        "run.notify[1] (webhook)",
        "run.notify[2] (command)",
    ]
    assert told.exists()


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"jbos": 2}, "unknown key 'jbos'. Did you mean 'jobs'"),
        ({"jobs": 0}, "run.jobs is 0; expected a whole number above 0"),
        ({"memory_gb": "8"}, "run.memory_gb is '8'; expected a number above 0"),
        ({"stage_minutes": True}, "run.stage_minutes is True"),
        ({"link": "reports/"}, "run.link is 'reports/'; expected the address"),
        ({"notify": {"command": ["x"]}}, "expected a list of hooks"),
        ({"notify": [{"comand": ["x"]}]}, "Did you mean 'command'"),
        ({"notify": [{"command": ["x"], "webhook": "https://x"}]}, "names 2 of"),
        ({"notify": [{"command": "rm -rf /"}]}, "expected a list of words"),
        ({"notify": [{"webhook": "http://example.jp/hook"}]}, "expected https://"),
        ({"notify": [{"webhook": "file:///etc/passwd"}]}, "expected https://"),
        ({"notify": [{"webhook": "https://x", "on": ["always"]}]}, "expected a list of published, failed, stands"),
        ({"notify": [{"mail": {"to": "a", "from": "b"}}]}, "mail.host is missing"),
        (
            {"notify": [{"mail": {"to": "a", "from": "b", "host": "h", "password": "pw"}}]},
            "password stands in the file",
        ),
        ({"notify": [{"mail": {"to": "a", "from": "b", "host": "h", "tls": "none"}}]}, "on this machine only"),
    ],
)
def test_settings_that_cannot_be_are_named(run, words):
    with pytest.raises(ConfigError) as error:
        read_settings(run, WHERE)
    assert words in str(error.value) and WHERE in str(error.value)


def test_the_command_line_comes_before_the_file():
    found = read_settings({"jobs": 4, "memory_gb": 8, "stage_minutes": 30}, WHERE)
    how = found.how({"jobs": None, "memory_gb": 2.0, "stage_minutes": None, "stage_memory_gb": None})
    assert (how["jobs"], how["memory_mib"], how["limits"].seconds, how["limits"].mib) == (4, 2048.0, 1800, None)
    assert read_settings({}, WHERE).how({})["jobs"] == 2
