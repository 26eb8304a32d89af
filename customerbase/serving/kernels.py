"""Kernels behind dashboards: a limited number, each its visitor's own, none that has read an older month."""

import asyncio
import os
import subprocess
from datetime import timedelta

from jupyter_client.session import utcnow
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Integer

IDLE = timedelta(minutes=10)  # a page nobody touched for so long gives its kernel to who comes next
BUSY = 503


class Kernels(AsyncMappingKernelManager):
    """All kernels of one server. Voila adds the pool of preheated ones (_pools, fill_if_needed) in a subclass."""

    limit = Integer(10, help="Most kernels at once, preheated ones included.").tag(config=True)
    each = Integer(3, help="Most kernels of one visitor; a further page takes that of his oldest.").tag(config=True)

    def __init__(self, **kwargs):
        self._owners: dict[str, str] = {}
        self._starting = 0
        self._stamp: str | None = None
        self._discarding: set[asyncio.Future] = set()
        super().__init__(**kwargs)

    def owner(self, kernel_id: str) -> str | None:
        """The visitor a kernel belongs to; None for unknown and for preheated ones."""
        return self._owners.get(kernel_id)

    async def give(self, kernel_id: str, visitor: str) -> None:
        """Make a kernel a visitor's; his oldest goes when he has more than `each`."""
        self._owners[kernel_id] = visitor
        own = [one for one in self._owners if self._owners[one] == visitor and one in self]
        for old in own[: -self.each]:
            await self.shutdown_kernel(old)

    async def expect(self, notebook: str) -> None:
        """Be ready for one more page: a preheated kernel that did start, or a place for a new one.

        Raises HTTPError 503 when all are in use.
        """
        pool = self._pools.get(notebook, [])
        while pool:
            await asyncio.wait([first := pool[0]])
            if first in pool and not _failed(first):
                return
            pool[:] = [item for item in pool if item is not first]
        await self.make_room()

    async def make_room(self) -> None:
        """Have a place for one more kernel, if need be that of the page left alone longest.

        Raises HTTPError 503 when all are in use.
        """
        if len(self) + self._starting < self.limit:
            return
        idle = [one for one in self._owners if one in self and self._idle(one)]
        if not idle:
            raise HTTPError(BUSY, "all kernels are in use")
        await self.shutdown_kernel(min(idle, key=lambda one: self.get_kernel(one).last_activity))

    def _idle(self, kernel_id: str) -> bool:
        kernel = self.get_kernel(kernel_id)
        return kernel.execution_state == "idle" and utcnow() - kernel.last_activity > IDLE

    async def start_kernel(self, **kwargs) -> str:
        """Start a kernel with the server's environment alone: nothing of the request, no output to the log."""
        await self.make_room()
        self._starting += 1
        try:
            kwargs |= {"env": dict(os.environ), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            return await super().start_kernel(**kwargs)
        finally:
            self._starting -= 1

    async def shutdown_kernel(self, kernel_id: str, *args, **kwargs) -> None:
        """Stop a kernel and forget whose it was."""
        self._owners.pop(kernel_id, None)
        await super().shutdown_kernel(kernel_id, *args, **kwargs)

    def renew(self, stamp: str) -> None:
        """Keep the preheated kernels fit to be shown; `stamp`: what is published now.

        The stamp is taken before the first kernel starts and every later one starts after that, so while it stays the
        same none of them can have read anything older. When it differs all of them go. One that could not start, as
        all places were taken, is tried again.
        """
        stale = self._stamp is not None and stamp != self._stamp
        self._stamp = stamp
        for notebook, pool in list(self._pools.items()):
            old = [item for item in pool if stale or _failed(item)]
            pool[:] = [item for item in pool if item not in old]
            for item in old:
                self._discarding.add(task := asyncio.ensure_future(self._discard(item)))
                task.add_done_callback(self._discarding.discard)
            if not pool and (stale or len(self) + self._starting < self.limit):
                self.fill_if_needed(delay=0, notebook_name=notebook)

    async def _discard(self, item: asyncio.Task) -> None:
        try:
            heated = await item
        except (Exception, asyncio.CancelledError):  # it never started, so there is nothing to stop
            return
        heated["task"].cancel()
        if heated["kernel_id"] in self:
            await self.shutdown_kernel(heated["kernel_id"], now=True)


def _failed(item: asyncio.Task) -> bool:
    return item.done() and (item.cancelled() or item.exception() is not None)


class Connection(ZMQChannelsWebsocketConnection):
    """The way of a kernel's messages to a visitor; an error is passed on without its words."""

    def _on_error(self, channel: str, msg: dict, msg_list: list[bytes]) -> None:
        # jupyter-server 2.21 means to do this, but looks for its setting at the wrong object: the AttributeError loses
        # the message and with it the page's connection to its kernel
        if channel != "iopub" or self.get_part("header", msg["header"], msg_list)["msg_type"] != "error":
            return
        msg["content"] = {"ename": "ExecutionError", "evalue": "", "traceback": []}
        if self.subprotocol == "v1.kernel.websocket.jupyter.org":
            msg_list[3] = self.session.pack(msg["content"])


class ForVisitor:
    """What a page asks of the kernels on behalf of one visitor: whatever kernel it gets is his from then on."""

    def __init__(self, kernels: Kernels, visitor: str):
        self._kernels, self._visitor = kernels, visitor

    def __getattr__(self, name: str):
        return getattr(self._kernels, name)

    async def get_rendered_notebook(self, notebook_name: str, **_) -> tuple:
        """A preheated kernel and its page so far; nothing of the request goes into the next one."""
        task, cache, kernel_id = await self._kernels.get_rendered_notebook(notebook_name=notebook_name)
        await self._kernels.give(kernel_id, self._visitor)
        return task, cache, kernel_id

    async def start_kernel(self, **kwargs) -> str:
        """A new kernel."""
        kernel_id = await self._kernels.start_kernel(**kwargs)
        await self._kernels.give(kernel_id, self._visitor)
        return kernel_id
