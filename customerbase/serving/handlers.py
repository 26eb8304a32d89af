"""The few addresses a visitor can reach: the page, its kernel's socket, the login. Everything else is not found."""

from http import HTTPStatus
from pathlib import Path

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.web import HTTPError, RequestHandler, authenticated
from voila.handler import VoilaHandler
from voila.request_info_handler import RequestInfoSocketHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler, read_header_from_binary_message
from voila.voila_identity_provider import VoilaLoginHandler

from customerbase import i18n
from customerbase.serving.files import Plain
from customerbase.serving.kernels import ForVisitor

PROTOCOL = "v1.kernel.websocket.jupyter.org"


class Page(VoilaHandler):
    """One dashboard. The head goes out before the kernel is ready, so that something useful stands there at once."""

    @property
    def kernel_manager(self):
        """The kernels, as this visitor may use them."""
        return ForVisitor(self.settings["kernel_manager"], self.current_user.username)

    def get_argument(self, name, default=None, strip=True):
        """`default`: a page takes nothing from its address."""
        return default

    @authenticated
    async def get(self):
        """Send the page. 503 when all kernels are in use."""
        self.settings["renew"]()
        await self.settings["kernel_manager"].expect(self.notebook_path)
        RequestInfoSocketHandler._cache.clear()  # Voila keeps every request's there for ever
        self.request.arguments.clear()
        here = Path(self.notebook_path).stem
        title = " · ".join(i18n.word(f"dashboard.page.{here}", language) for language in i18n.LANGUAGES)
        self.write(
            self.render_template(
                "head.html", title=title, pages=self.settings["pages"], here=here, closed=self.settings["closed"]
            )
        )
        await self.flush()
        try:
            async for part in self.get_generator():
                self.write(part)
                await self.flush()
        except Exception:
            self.log.exception("a page failed")
            self.write(self.render_template("failed.html"))

    def set_header(self, name, value):
        """The same after the head has gone out, when Voila sets its own once more: without effect."""
        if not self._headers_written:
            super().set_header(name, value)


class _Own:
    """A kernel answers its own visitor and nobody else; for others it does not exist."""

    def check_own(self) -> None:
        """Raise HTTPError 404 unless the kernel of this address is the visitor's."""
        kernel_id = self.path_kwargs.get("kernel_id") or (self.path_args or [""])[0]
        user = self.current_user
        if user is None or self.settings["kernel_manager"].owner(kernel_id) != user.username:
            raise HTTPError(404)


class OwnKernel(_Own, KernelHandler):
    """State and end of the visitor's kernel."""

    async def prepare(self):
        """Who asks, then whether the kernel is his."""
        await super().prepare()
        if not self._finished:
            self.check_own()


class OwnShutdown(_Own, VoilaShutdownKernelHandler):
    """The page is closed: its kernel ends."""

    async def prepare(self):
        """Who asks, then whether the kernel is his."""
        await super().prepare()
        if not self._finished:
            self.check_own()


class OwnSocket(_Own, VoilaKernelWebsocketHandler):
    """The socket between widgets and kernel; Voila lets no message through that runs code."""

    async def pre_get(self):
        """Whether the kernel is the visitor's and his browser speaks the protocol of today, then as before."""
        self.check_own()
        if PROTOCOL not in self.request.headers.get("Sec-WebSocket-Protocol", "").split(", "):
            # the older one carries buffers in a frame that Voila reads as a number of up to 2**63 parts
            raise HTTPError(HTTPStatus.BAD_REQUEST)
        await super().pre_get()

    def write_message(self, message, binary=False):
        """Pass a message on, unless it is what the kernel printed: warnings and the log of a callback quote data."""
        header = read_header_from_binary_message(message) if isinstance(message, bytes) else None
        return None if header and header.get("msg_type") == "stream" else super().write_message(message, binary)


class Login(VoilaLoginHandler):
    """The password form, with a brake on guessing."""

    @allow_unauthenticated
    def post(self):
        """Let in, or say that the password is wrong (401) or that it was wrong too often (429)."""
        brake, address = self.settings["brake"], self.request.remote_ip
        if brake.refuses(address):
            self.set_status(429)
            self.set_header("Retry-After", "60")
            self._render(message="slow")
            return
        user = self.identity_provider.process_login_form(self)
        if user is None:
            brake.failed(address)
            self.set_status(401)
            self._render(message="wrong")
            return
        self.identity_provider.set_login_cookie(self, user)
        self._redirect_safe(self.get_argument("next", default=self.base_url))


class Logout(JupyterHandler):
    """The end of a visit; a proxy with a sign-on of its own answers this address instead."""

    @allow_unauthenticated
    def get(self):
        """Take the cookie back and show the login."""
        self.identity_provider.clear_login_cookie(self)
        self.redirect(self.settings["login_url"])


class Nothing(Plain, RequestHandler):
    """Every other address."""

    def prepare(self) -> None:
        """404, whatever the method."""
        raise HTTPError(HTTPStatus.NOT_FOUND)

    def write_error(self, status_code: int, **_) -> None:
        """The page that says so."""
        template = self.settings["jinja2_env"].get_template("error.html")
        self.finish(template.render(status_code=status_code))
