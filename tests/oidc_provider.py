"""A small OpenID provider (code flow with PKCE, RS256) that also hands out tokens that must not be believed.

Written from OpenID Connect Core 1.0 and RFC 7636; signatures are made by the openssl program.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from proxies import OPENSSL

Claims = dict[str, object]
GROUPS = {
    "suzuki": ["staff", "customerbase-managers"],
    "sato": ["staff", "customerbase-analysts"],
    "tanaka": ["staff", "customerbase-managers-old"],
    "kimura": [],
}


def packed(value: bytes | dict) -> str:
    """base64url without padding, of bytes or of an object as JSON."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Provider:
    """Serves at https://127.0.0.1:port until closed. `clients`: secret and registered addresses by client id."""

    def __init__(self, folder: Path, key: Path, pem: Path, clients: dict[str, tuple[str, set[str]]]):
        self.clients, self.codes, self.ended = clients, {}, []
        self.token: Callable[[Claims], str] = self.good
        self.keys = {name: folder / f"{name}.pem" for name in ("own", "foreign")}
        for path in self.keys.values():
            subprocess.run([OPENSSL, "genrsa", "-out", str(path), "2048"], check=True, capture_output=True)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Of", (_Requests,), {"provider": self}))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.issuer = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def jwks(self) -> dict:
        command = [OPENSSL, "rsa", "-in", str(self.keys["own"]), "-noout", "-modulus"]
        modulus = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().split("=")[1]
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "kid": "1",
                    "alg": "RS256",
                    "use": "sig",
                    "e": "AQAB",
                    "n": packed(bytes.fromhex(modulus)),
                }
            ]
        }

    def about(self) -> dict:
        paths = ("authorization", "token", "end_session")
        places = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in paths} | {"jwks_uri": f"{self.issuer}/jwks"}
        return {
            "issuer": self.issuer,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        } | places

    # tokens, good and bad

    def good(self, claims: Claims) -> str:
        return self.signed(claims)

    def signed(self, claims: Claims, key: str = "own", **header: str) -> str:
        text = f"{packed({'alg': 'RS256', 'kid': '1', 'typ': 'JWT'} | header)}.{packed(claims)}"
        command = [OPENSSL, "dgst", "-sha256", "-sign", str(self.keys[key])]
        return f"{text}.{packed(subprocess.run(command, input=text.encode(), check=True, capture_output=True).stdout)}"

    def changed(self, **changes: object) -> Callable[[Claims], str]:
        """Tokens with other claims, rightly signed."""
        return lambda claims: self.signed(claims | changes)

    def altered(self, claims: Claims) -> str:
        """A token that was written in after it was signed."""
        head, _, mark = self.signed(claims).split(".")
        return f"{head}.{packed(claims | {'sub': 'somebody else'})}.{mark}"

    def with_the_secret(self, claims: Claims) -> str:
        """Signed with what the client knows, by an algorithm that was not agreed on."""
        text = f"{packed({'alg': 'HS256', 'typ': 'JWT'})}.{packed(claims)}"
        secret = self.clients[str(claims["aud"])][0]
        return f"{text}.{packed(hmac.digest(secret.encode(), text.encode(), 'sha256'))}"


class _Requests(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self):
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        match urlsplit(self.path).path:
            case "/.well-known/openid-configuration":
                self._json(self.provider.about())
            case "/jwks":
                self._json(self.provider.jwks)
            case "/authorization":
                self._known(asked)
                form = '<form method="post"><input name="user"><button>OK</button></form>'
                head = '<!DOCTYPE html><link rel="icon" href="data:,"><title>Sign in</title>'
                self._send(200, head + form, {"Content-Type": "text/html"})
            case "/end_session":
                self.provider.ended.append(asked)
                self._send(302, "", {"Location": asked["post_logout_redirect_uri"]})
            case _:
                self._send(404, "")

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        given = {name: values[0] for name, values in form.items()}
        if self.path == "/token":
            self._json(self._token(given))
        else:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            self._known(asked)
            code = secrets.token_urlsafe()
            self.provider.codes[code] = asked | {"user": given["user"]}
            back = urlencode({"code": code, "state": asked["state"]})
            self._send(302, "", {"Location": f"{asked['redirect_uri']}?{back}"})

    def _known(self, asked: dict[str, str]) -> None:
        assert asked["redirect_uri"] in self.provider.clients[asked["client_id"]][1]
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert "openid" in asked["scope"].split() and asked["state"] and asked["nonce"]

    def _token(self, given: dict[str, str]) -> dict:
        basic = base64.b64decode(re.fullmatch("Basic (.+)", self.headers["Authorization"])[1]).decode()
        client, secret = map(unquote, basic.split(":"))
        asked = self.provider.codes.pop(given["code"])  # a code counts once
        assert self.provider.clients[client][0] == secret and asked["client_id"] == client
        assert asked["redirect_uri"] == given["redirect_uri"]
        assert asked["code_challenge"] == packed(hashlib.sha256(given["code_verifier"].encode()).digest())
        now, user = int(time.time()), asked["user"]
        claims = {"iss": self.provider.issuer, "aud": client, "sub": user, "nonce": asked["nonce"]}
        claims |= {"iat": now, "exp": now + 300, "groups": GROUPS[user]}
        about = {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 300}
        return about | {"id_token": self.provider.token(claims)}

    def _json(self, value: dict) -> None:
        self._send(200, json.dumps(value), {"Content-Type": "application/json"})

    def _send(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        for name, one in ((headers or {}) | {"Content-Length": str(len(body))}).items():
            self.send_header(name, one)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing is logged."""
