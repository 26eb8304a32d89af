"""`python -m customerbase serve`: checks the request, keeps the audience's folder fresh, and runs its server."""

import argparse
import getpass
import ipaddress
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

from customerbase.errors import ConfigError, RunError

EVERY = 2.0  # seconds between looks at what is published
# of the environment, what a server and its kernels need; a key or a password of the machine's is not among it
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH")
KEPT += ("OMP_WAIT_POLICY",)  # how threads wait: customerbase/__init__.py
KEPT += ("JUPYTER_DEFAULT_PROVISIONER_NAME",)  # how kernels come to be: customerbase/warm/


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `serve`."""
    parser.add_argument("pipeline", nargs="?", default="sample", help="whose published months (sample)")
    parser.add_argument("--audience", default="managers", help="managers or analysts: which tables and pages")
    parser.add_argument("--port", type=int, default=8866)
    parser.add_argument("--ip", default="127.0.0.1", help="where to listen; beyond this machine only with a login")
    parser.add_argument("--password-file", type=Path, default=None, metavar="FILE", help="made by --new-password")
    parser.add_argument("--token-file", type=Path, default=None, metavar="FILE", help="what a proxy has to send")
    parser.add_argument("--identity-provider", default=None, metavar="PACKAGE.CLASS", help="a login of your own")
    parser.add_argument("--behind-proxy", action="store_true", help="believe the X-Forwarded- headers of this machine")
    parser.add_argument(
        "--kernels", type=int, default=16, help="kernels at once (16), preheated ones included; 32 to 55 MB each"
    )
    parser.add_argument("--new-password", type=Path, default=None, metavar="FILE", help="ask for a password and stop")


def run(options: argparse.Namespace | SimpleNamespace) -> int:
    """Serve until stopped, or write a password file; returns the exit status."""
    if options.new_password:
        return _new_password(options.new_password)
    return serve(options)


def serve(options: argparse.Namespace | SimpleNamespace) -> int:
    """Check what was asked, then keep server and folder going. Raises ConfigError and RunError before anything runs."""
    from customerbase.serving import folder
    from customerbase.serving.audiences import find
    from customerbase.serving.settings import Service
    from customerbase.stage import company
    from customerbase.tables import store

    audience = find(options.audience)
    company.load(options.pipeline)
    if not store.published_months(options.pipeline):
        raise RunError(
            f"nothing is published for {options.pipeline!r}; run `make report PIPELINE={options.pipeline}` first."
        )
    check(options)
    with folder.opened(options.pipeline, audience) as place:
        given = {one.name: getattr(options, one.name) for one in fields(Service) if one.name != "folder"}
        service = Service(folder=place, **{name: _whole(value) for name, value in given.items()})
        child = subprocess.Popen(arguments(service), env=environment(service, os.environ), cwd=place)
        return _keep(child, lambda: folder.refresh(options.pipeline, audience, place / "home"))


def check(options: argparse.Namespace | SimpleNamespace) -> None:
    """Refuse what would be open to more than this machine without a login, unreadable secrets and a taken port."""
    from customerbase.serving import visitors

    if options.password_file:
        visitors.password_hash(options.password_file)
    if options.token_file:
        visitors.token(options.token_file)
    if options.identity_provider:
        visitors.provider(options.identity_provider)
    login = options.password_file or options.token_file or options.identity_provider
    if not login and not is_loopback(options.ip):
        raise ConfigError(
            f"--ip {options.ip} would show the dashboards to everybody who reaches this machine. Give --password-file,"
            " --token-file or --identity-provider, or stay on 127.0.0.1 behind a proxy (docs/serving.md)."
        )
    if options.kernels < 2:
        raise ConfigError(
            f"--kernels is {options.kernels}; expected at least 2, one of which waits for the next visitor."
        )
    _port_is_free(options.ip, options.port)


def is_loopback(ip: str) -> bool:
    """Whether an address is reached from this machine only; a name other than localhost is not believed."""
    if ip == "localhost":
        return True
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return False


def arguments(service) -> list[str]:
    """The command line of the server; no secret stands in it, as everybody on the machine can read it."""
    given = [(one.name.replace("_", "-"), getattr(service, one.name)) for one in fields(service)]
    flags = [f"--{name}" for name, value in given if value is True]
    values = [f"--{name}={value}" for name, value in given if value not in (None, True, False)]
    return [sys.executable, "-m", "customerbase.serving.server", *values, *flags]


def environment(service, outer: Mapping[str, str]) -> dict[str, str]:
    """The environment of the server and its kernels: the audience's folder instead of the company's and the user's."""
    own = str(service.folder / "own")
    kept = {name: outer[name] for name in KEPT if name in outer}
    names = ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")
    return (
        kept
        | dict.fromkeys(names, own)
        | {
            "CUSTOMERBASE_HOME": str(service.home),
            "CUSTOMERBASE_PIPELINE": service.pipeline,
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "PYTHONNOUSERSITE": "1",
        }
    )


def _keep(child: subprocess.Popen, refresh) -> int:
    """Refresh the folder until the server ends; end it when this process is told to stop."""
    before = {one: signal.signal(one, lambda *_: child.terminate()) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        while True:
            try:
                status = child.wait(EVERY)
            except subprocess.TimeoutExpired:
                refresh()
            else:
                return max(status, 0)
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
        for one, handler in before.items():
            signal.signal(one, handler)


def _whole(value):
    return value.absolute() if isinstance(value, Path) else value  # the server stands in another folder


def _port_is_free(ip: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    with socket.socket(family) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((ip, port))
        except OSError as error:
            raise RunError(f"cannot listen on {ip}, port {port}: {error.strerror}. Name another with --port.") from None


def _new_password(path: Path) -> int:
    from customerbase.serving import visitors

    password = getpass.getpass("password for the dashboards: ")
    if getpass.getpass("once more: ") != password:
        raise ConfigError("the two passwords differ; nothing was written.")
    visitors.write_password(path, password)
    return 0
