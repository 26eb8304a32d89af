"""Every setting of the server with its reason; nothing is read from a configuration file of the user or the machine."""

from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config

from customerbase.serving import visitors
from customerbase.tables.store import ROOT
from customerbase.warm import provisioner

TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")
PAGES = ROOT / "notebooks" / "dashboards"
HEATED = ("customerbase.serving.heated",)  # imported before kernels are forked

POLICY = "; ".join(
    [
        "default-src 'none'",  # what is not named below is forbidden
        "script-src 'self'",  # no inline script and no eval: customer data that turns out to be a script stays text
        "style-src 'self' 'unsafe-inline'",  # Voila's front end writes <style> elements; they cannot run code
        "img-src 'self' data:",  # charts come as data: through the kernel's socket
        "font-src 'self' data:",
        "connect-src 'self'",  # the kernel's socket; nothing can be sent to another server
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # Jupyter checks the referer of its own pages
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Service:
    """One server: what it shows (folder, pipeline, audience), where it listens, who may come in, how many at once."""

    folder: Path
    pipeline: str
    audience: str
    ip: str = "127.0.0.1"
    port: int = 8866
    password_file: Path | None = None
    token_file: Path | None = None
    identity_provider: str | None = None
    behind_proxy: bool = False
    kernels: int = 16

    @property
    def home(self) -> Path:
        """$CUSTOMERBASE_HOME of the server and its kernels."""
        return self.folder / "home"

    @property
    def closed(self) -> bool:
        """Whether a visitor has to say who he is."""
        return bool(self.password_file or self.token_file or self.identity_provider)


def settings(service: Service) -> Config:
    """The configuration of the server. Raises ConfigError when a password or token file is not in order."""
    c = Config()
    _door(c, service)
    _pages(c)
    _kernels(c, service)
    return c


def _door(c: Config, service: Service) -> None:
    c.Voila.config_file_paths = []  # a voila.json in the current folder could undo every line below
    c.Voila.ip = service.ip
    c.Voila.port = service.port
    c.Voila.port_retries = 0  # a port that is taken is an error: a proxy would go on talking to whoever has it
    c.Voila.open_browser = False
    c.Voila.identity_provider_class = service.identity_provider or visitors.Visitors
    c.Voila.token = visitors.token(service.token_file) if service.token_file else ""
    if service.password_file:
        c.PasswordIdentityProvider.hashed_password = visitors.password_hash(service.password_file)
    c.PasswordIdentityProvider.allow_password_change = False  # else the login page offers to set a new one
    c.IdentityProvider.cookie_options = {"expires_days": 1, "samesite": "Strict"}  # 30 days and Lax by default
    c.IdentityProvider.get_secure_cookie_kwargs = {"max_age_days": 1}  # a copied cookie is worth a day
    c.Voila.tornado_settings = {
        "headers": HEADERS,
        # without a login only requests that name this machine: another site's name could be pointed here (rebinding)
        "allow_remote_access": service.closed,
        "xsrf_cookie_kwargs": {"samesite": "Strict"},
        "ws_ping_timeout": 30_000,  # ms; Jupyter's own default is longer than tornado allows and is warned about each time
    }


def _pages(c: Config) -> None:
    c.Voila.root_dir = str(PAGES)
    c.VoilaConfiguration.template = "lab"  # its style sheets; TEMPLATES stands before it and links no other server
    c.VoilaConfiguration.theme = "light"
    c.TemplateExporter.filters = {"word": "customerbase.i18n.word"}  # templates speak both languages
    c.VoilaConfiguration.allow_template_override = "NO"  # ?template= would bring back one that links a CDN
    c.VoilaConfiguration.allow_theme_override = "NO"
    c.VoilaConfiguration.file_allowlist = []  # images below the root were served without a login
    c.VoilaConfiguration.file_denylist = [".*"]
    c.VoilaConfiguration.strip_sources = True  # a reader came for numbers; an analyst has the notebook
    c.VoilaConfiguration.show_tracebacks = False  # they quote data
    c.VoilaConfiguration.extension_allowlist = [  # what draws widgets; other extensions of the machine stay out
        "@jupyter-widgets/jupyterlab-manager",
        "@voila-dashboards/widgets-manager8",
    ]
    c.VoilaConfiguration.http_keep_alive_timeout = 3600  # its sign of life is an inline script, which POLICY forbids


def _kernels(c: Config, service: Service) -> None:
    c.VoilaConfiguration.multi_kernel_manager_class = "customerbase.serving.kernels.Kernels"
    c.Kernels.limit = service.kernels  # a kernel is 32 to 55 MB; page loads are free for whoever makes them
    c.VoilaConfiguration.preheat_kernel = True  # safe because Kernels.renew throws away what has read older data
    c.VoilaConfiguration.default_pool_size = 1
    c.NotebookClient.iopub_timeout = 120  # after 4 s, when many come at once, Voila gave the page without its content
    c.Voila.kernel_websocket_connection_class = "customerbase.serving.kernels.Connection"  # errors without their words
    c.MappingKernelManager.allow_tracebacks = False  # of callbacks: they went over the socket to the visitor
    c.MappingKernelManager.cull_idle_timeout = 900  # a browser that went away leaves its kernel; below 600 slow
    c.MappingKernelManager.cull_interval = 60  # page loads lost theirs
    c.MappingKernelManager.cull_connected = False
    c.MappingKernelManager.buffer_offline_messages = False
    if provisioner.wanted():
        c.KernelProvisionerFactory.default_provisioner_name = provisioner.NAME  # forked, where that is safe
        c.WarmProvisioner.modules = list(HEATED)
    c.KernelManager.transport = "ipc"  # sockets in a folder of mode 700; TCP ports are open to all on the machine
    c.KernelManager.autorestart = False  # a new kernel behind an old page has none of its widgets
