"""Dashboards in a real browser: this project's server beside plain Voila showing the same notebook.

python -m bench.bench_dashboards [--home DIR]

DIR is a $CUSTOMERBASE_HOME with a published month of the pipeline `sample`; without it the sample company (700 people, 24
months) is made and run first. Headless Chromium opens the overview, its cache empty: a visitor alone (four visits), forty
changes of language and month, ten visitors at once. `first` is the first paint of content, `live` the moment when controls
and content stand there. Memory is what a kernel does not share (USS).
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
VISITS, CHANGES, CROWD = 4, 40, 10
LIVE = "!!document.querySelector('.controls select, .widget-dropdown select')?.offsetParent && !!document.querySelector('table.data')?.offsetParent && !document.querySelector('#waiting')"
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
CHANGE = """new Promise(done => {
    const before = document.querySelector('.page').innerHTML, start = performance.now();
    const look = new MutationObserver(() => {
        if (document.querySelector('.page').innerHTML === before || !document.querySelector('table.data')) return;
        look.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
    });
    look.observe(document.querySelector('.page'), {childList: true, subtree: true, characterData: true});
    %s
})"""
LANGUAGE = "[...document.querySelectorAll('.widget-toggle-buttons button')].find(one => !one.classList.contains('mod-active')).click()"
MONTH = """const months = document.querySelector('.widget-dropdown select');
    months.selectedIndex = (months.selectedIndex + 1) % months.options.length;
    months.dispatchEvent(new Event('change', {bubbles: true}))"""


def make_home(folder: Path) -> Path:
    """A home with the sample company and its published month."""
    inner = os.environ | {"CUSTOMERBASE_HOME": str(folder)}
    for line in (
        ["sample", "--customers", "700", "--months", "24", "--out", str(folder / "data" / "sample")],
        ["run", "sample", "--month", "2026-10"],
    ):
        subprocess.run(
            [sys.executable, "-m", "customerbase", *line], cwd=ROOT, env=inner, check=True, capture_output=True
        )
    return folder


@contextmanager
def started(command: list[str], home: Path, port: int):
    """A server of its own, once it answers."""
    inner = os.environ | {"CUSTOMERBASE_HOME": str(home), "CUSTOMERBASE_PIPELINE": "sample"}
    server = subprocess.Popen(command, cwd=ROOT, env=inner, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(4)  # a first kernel may be heated
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(30)


def kernels(server: psutil.Process) -> list[float]:
    """Private memory of the kernels below a server, in MiB."""
    found = [one for one in server.children(recursive=True) if is_kernel(one)]
    return [one.memory_full_info().uss / 2**20 for one in found]


def is_kernel(process: psutil.Process) -> bool:
    """Whether this is a kernel: started as one, or forked by the warm parent, whose command line it then bears."""
    line = " ".join(process.cmdline())
    return "ipykernel_launcher" in line or (
        "customerbase.warm" in line and process.parent().cmdline() == process.cmdline()
    )


async def alone(address: str, folder: Path) -> tuple[float, float]:
    """Seconds to the first paint and until the page lives, of one visit with an empty cache."""
    from browser import Browser

    async with Browser(folder) as browser:
        await browser.size(1440)
        start = time.perf_counter()
        await browser.send("Page.navigate", url=address)
        await browser.wait_for(LIVE)
        live = time.perf_counter() - start
        return await browser.run(PAINT) / 1000, live


async def changes(address: str, folder: Path) -> list[float]:
    """Milliseconds of every change of language or month, from the click to the new picture."""
    from browser import Browser

    async with Browser(folder) as browser:
        await browser.size(1440)
        await browser.send("Page.navigate", url=address)
        await browser.wait_for(LIVE)
        several = await browser.run("document.querySelector('.widget-dropdown select').options.length > 1")
        ways = [LANGUAGE, MONTH] if several else [LANGUAGE]
        return [await browser.run(CHANGE % ways[place % len(ways)]) for place in range(CHANGES)]


async def crowd(address: str, folder: Path) -> float:
    """Seconds until all of ten visitors, each with cookies and a cache of his own, have a living page."""
    from browser import Browser

    async with Browser(folder) as first:
        browsers = [first, *[await first.another() for _ in range(CROWD - 1)]]
        start = time.perf_counter()
        await asyncio.gather(*(one.send("Page.navigate", url=address) for one in browsers))
        await asyncio.gather(*(one.wait_for(LIVE) for one in browsers))
        return time.perf_counter() - start


def measure(name: str, command: list[str], home: Path, port: int) -> dict:
    """All figures of one server."""
    address, found = f"http://127.0.0.1:{port}/", {}
    with started(command, home, port) as server, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        visits = []
        for number in range(VISITS):
            visits.append(asyncio.run(alone(address, Path(place) / f"alone{number}")))
            time.sleep(4)
        found["first"], found["live"] = (statistics.median(one) for one in zip(*visits, strict=True))
        found["change"] = statistics.quantiles(asyncio.run(changes(address, Path(place) / "changes")), n=20)[-1]
        time.sleep(4)
        found["ten"] = asyncio.run(crowd(address, Path(place) / "crowd"))
        found["memory"] = statistics.mean(kernels(server))
    print(f"{name:<14}{json.dumps({key: round(value, 2) for key, value in found.items()})}", flush=True)
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_dashboards")
    parser.add_argument("--home", type=Path, help="a $CUSTOMERBASE_HOME with a published month of the sample")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, socket.socket() as one, socket.socket() as other:
        home = given.home or make_home(Path(folder))
        one.bind(("127.0.0.1", 0)), other.bind(("127.0.0.1", 0))
        ports = one.getsockname()[1], other.getsockname()[1]
        one.close(), other.close()
        own = [sys.executable, "-m", "customerbase", "serve", "sample", f"--port={ports[0]}", "--kernels=16"]
        page = str(ROOT / "notebooks" / "dashboards" / "overview.ipynb")
        plain = [sys.executable, "-m", "voila", page, f"--port={ports[1]}", "--no-browser"]
        print(
            "seconds: first, live, ten (all of ten visitors live); milliseconds: change (95th percentile); MiB: memory"
        )
        here, there = measure("customerbase", own, home, ports[0]), measure("plain Voila", plain, home, ports[1])
        print("ratio         " + json.dumps({key: round(here[key] / there[key], 2) for key in here}))


if __name__ == "__main__":
    main()
