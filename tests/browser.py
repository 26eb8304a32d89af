"""A headless Chromium spoken to through its debugging socket, with the network cut off but for this machine."""

import asyncio
import base64
import copy
import itertools
import json
import shutil
import subprocess
import time
from pathlib import Path

from tornado.websocket import websocket_connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
FLAGS += ("--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--remote-allow-origins=*")
FLAGS += ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--ignore-certificate-errors")
PATIENCE = 120  # seconds until something that never comes is called so


class Browser:
    """One window; `async with Browser(folder) as browser`. `events` holds all that the browser reported."""

    def __init__(self, profile: Path):
        self.profile, self.events, self._waiting, self._numbers = profile, [], {}, itertools.count(1)

    async def __aenter__(self):
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self.profile / "DevToolsActivePort"
        await self._until(lambda: port.exists() and "\n" in port.read_text())
        number, path = port.read_text().split("\n")[:2]
        self._socket = await websocket_connect(f"ws://127.0.0.1:{number}{path}", max_message_size=1 << 28)
        self._reader = asyncio.ensure_future(self._read())
        await self._attach()
        return self

    async def _attach(self, **context: str) -> None:
        self._session = None
        target = (await self.send("Target.createTarget", url="about:blank", **context))["targetId"]
        self._session = (await self.send("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.send(f"{domain}.enable")

    async def another(self) -> "Browser":
        """A window of somebody else: own cookies, own cache, the same process."""
        other = copy.copy(self)  # shares the socket, the answers awaited and the events
        other._session = None
        context = await other.send("Target.createBrowserContext")
        await other._attach(browserContextId=context["browserContextId"])
        return other

    async def __aexit__(self, *_):
        self._reader.cancel()
        self._process.terminate()
        self._process.wait(30)

    async def send(self, method: str, **params) -> dict:
        """One command of the DevTools protocol."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._waiting[number] = future = asyncio.get_running_loop().create_future()
        await self._socket.write_message(json.dumps(message))
        answer = await asyncio.wait_for(future, PATIENCE)
        assert "error" not in answer, answer
        return answer["result"]

    async def size(self, width: int, height: int = 1000) -> None:
        """Make the window this large, in CSS pixels."""
        phone = {"deviceScaleFactor": 1, "mobile": width < 500}
        await self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, **phone)

    async def run(self, script: str):
        """The value of a JavaScript expression; None when it throws."""
        plain = {"returnByValue": True, "allowUnsafeEvalBlockedByCSP": False}  # as a script of the page would
        result = await self.send("Runtime.evaluate", expression=script, awaitPromise=True, **plain)
        return result["result"].get("value")

    async def wait_for(self, script: str):
        """The first truthy value of a JavaScript expression."""
        end = time.monotonic() + PATIENCE
        while not (value := await self.run(script)):
            assert time.monotonic() < end, (script, self.complaints, await self.run("document.body.innerText"))
            await asyncio.sleep(0.05)
        return value

    @property
    def complaints(self) -> list[str]:
        """What the browser's console calls an error: refused scripts, failed requests, exceptions."""
        logged = [e["params"]["entry"] for e in self.events if e["method"] == "Log.entryAdded"]
        thrown = [e["params"]["exceptionDetails"] for e in self.events if e["method"] == "Runtime.exceptionThrown"]
        return [one["text"] for one in logged if one["level"] == "error"] + [str(one)[:500] for one in thrown]

    async def picture(self, path: Path) -> None:
        """Save the whole page as PNG."""
        data = await self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(data["data"]))

    async def _read(self) -> None:
        while (text := await self._socket.read_message()) is not None:
            message = json.loads(text)
            if "id" in message:
                self._waiting.pop(message["id"]).set_result(message)
            else:
                self.events.append(message)

    async def _until(self, ready) -> None:
        end = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < end, "Chromium did not start"
            await asyncio.sleep(0.05)
