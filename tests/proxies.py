"""nginx and Apache with the configuration files that the package ships, names and ports replaced, in a folder of a test."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from conftest import ROOT

PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
NGINX, APACHE, OPENSSL = (shutil.which(name, path=PLACES) for name in ("nginx", "apache2", "openssl"))
MODULES = Path("/usr/lib/apache2/modules")
LOADED = [
    "mpm_event",
    "authn_core",
    "authz_core",
    "alias",
    "setenvif",
    "headers",
    "proxy",
    "proxy_http",
    "auth_openidc",
]

needs_nginx = pytest.mark.skipif(
    not (NGINX and OPENSSL), reason="needs nginx and openssl: install the packages `nginx-light` and `openssl`"
)
needs_sign_on = pytest.mark.skipif(
    not (NGINX and OPENSSL and APACHE and (MODULES / "mod_auth_openidc.so").exists()),
    reason="needs nginx and Apache: install `nginx-light`, `openssl`, `apache2-bin` and `libapache2-mod-auth-openidc`",
)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of 127.0.0.1 and 127.0.0.2, signed by itself."""
    key, pem = folder / "key", folder / "pem"
    command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.0.2", "-keyout", str(key), "-out", str(pem)]
    subprocess.run([OPENSSL, *command], check=True, capture_output=True)
    return key, pem


def shipped(name: str, values: Mapping[str, str]) -> str:
    """A file of customerbase/serving with other values; each has to be there."""
    text = (ROOT / "customerbase" / "serving" / name).read_text(encoding="utf-8")
    for old, new in values.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def for_apache(values: Mapping[str, str]) -> str:
    """apache-oidc.conf with other values for its names; all of them, so that none is left as it came."""
    text = (ROOT / "customerbase" / "serving" / "apache-oidc.conf").read_text(encoding="utf-8")
    assert set(re.findall(r"^Define (\w+) ", text, re.M)) == set(values)
    return re.sub(r"^Define (\w+) .*$", lambda found: f"Define {found[1]} {values[found[1]]}", text, flags=re.M)


def for_nginx(folder: Path, address: str, ports: tuple[int, int], upstream: str) -> str:
    """nginx.conf for an address, its ports with and without TLS, and what stands behind it."""
    values = {
        "listen 443 ssl": f"listen {address}:{ports[0]} ssl",
        "listen 80": f"listen {address}:{ports[1]}",
        "dashboards.example.jp": address,
        "/etc/ssl/certs/dashboards.pem": str(folder / "pem"),
        "/etc/ssl/private/dashboards.key": str(folder / "key"),
        "/var/log/nginx/dashboards.log": str(folder / "access.log"),
        "127.0.0.1:8866": upstream,
    }
    return shipped("nginx.conf", values)


@contextlib.contextmanager
def nginx(folder: Path, text: str, port: int) -> Iterator[None]:
    """nginx with `text` as a file of /etc/nginx/conf.d would be."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    main = f"daemon off; pid {folder / 'pid'}; error_log {folder / 'error.log'}; events {{}}\nhttp {{ {temporary}\n{text}\n}}"
    (folder / "nginx.conf").write_text(main)
    with _running([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")], port):
        yield


@contextlib.contextmanager
def apache(folder: Path, text: str, port: int) -> Iterator[None]:
    """Apache with `text` as a file of /etc/apache2/sites-enabled would be; it believes the certificate of `folder`."""
    lines = [f"ServerRoot {folder}", f"DefaultRuntimeDir {folder}", f"PidFile {folder / 'apache.pid'}"]
    lines += [f"ErrorLog {folder / 'apache.log'}", "ServerName 127.0.0.1"]
    lines += [f"LoadModule {name}_module {MODULES / f'mod_{name}.so'}" for name in LOADED]
    lines += ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as known:  # www-data reads it, who has no way into the folder of a test
        Path(known).chmod(0o755)
        lines += [f"OIDCCABundlePath {shutil.copy(folder / 'pem', known)}"]
        (folder / "apache.conf").write_text("\n".join([*lines, text]), encoding="utf-8")
        with _running([APACHE, "-D", "FOREGROUND", "-f", str(folder / "apache.conf")], port):
            yield


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        for _ in range(200):
            assert process.poll() is None, process.stderr.read()
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.1)
        else:
            raise TimeoutError(command)
        yield
    finally:
        process.terminate()
        process.wait(20)
