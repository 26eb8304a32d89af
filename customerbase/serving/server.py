"""The server of one audience: Voila with fewer addresses, own pages and one environment; started by `command`."""

import argparse
import contextlib
import os
import time
from pathlib import Path

import jinja2
from jupyter_server import DEFAULT_TEMPLATE_PATH_LIST
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import HTTPError
from traitlets import Instance
from voila.app import Voila

from customerbase import i18n
from customerbase.serving import files, folder, handlers, logs
from customerbase.serving.audiences import find
from customerbase.serving.settings import HEATED, PAGES, STATIC, TEMPLATES, Service, settings
from customerbase.serving.visitors import Brake
from customerbase.warm import provisioner

KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


class Dashboards(Voila):
    """Voila for the pages of one audience; never a jupyter-server extension, where a viewer could run code."""

    name = "voila"
    service = Instance(Service)

    @property
    def pages(self) -> dict[str, str]:
        """Address of each page and the notebook behind it; the first one is also the start page."""
        names = find(self.service.audience).pages
        return {"": f"{names[0]}.ipynb"} | {name: f"{name}.ipynb" for name in names}

    def setup_template_dirs(self):
        """Own templates and files before those of Voila."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATES))
        self.static_paths.insert(0, str(STATIC))

    def init_settings(self) -> dict:
        """What handlers find in self.settings."""
        made = super().init_settings()
        made["voila_jinja2_env"].filters["word"] = i18n.word
        paths = [str(TEMPLATES), *DEFAULT_TEMPLATE_PATH_LIST]
        login = jinja2.Environment(loader=jinja2.FileSystemLoader(paths), autoescape=True)
        login.filters["word"], login.globals["base_url"] = i18n.word, self.base_url
        self.identity_provider.login_handler_class = handlers.Login
        self.identity_provider.logout_handler_class = handlers.Logout
        return made | {
            "jinja2_env": login,
            "log_function": logs.request,
            "compress_response": True,  # in tornado_settings it would come too late
            "brake": Brake(5, 60, time.monotonic),
            "renew": self.renew,
            "closed": self.service.closed,
            "pages": find(self.service.audience).pages,
        }

    def init_handlers(self) -> list:
        """The addresses: pages, kernel, login, files of the software."""
        pages = [(rf"/{address}", handlers.Page, self._page(name)) for address, name in self.pages.items()]
        return [
            *pages,
            (rf"/api/kernels/{KERNEL_ID}", handlers.OwnKernel),
            (rf"/api/kernels/{KERNEL_ID}/channels", handlers.OwnSocket),
            (r"/voila/api/shutdown/([\w-]+)", handlers.OwnShutdown),
            (r"/voila/static/(.*)", files.Static, {"paths": self.static_paths}),
            (r"/voila/templates/(.*)", files.TemplateStatic),
            (r"/voila/labextensions/(.*)", files.Extension, {"path": self.labextensions_path, "no_cache_paths": ["/"]}),
            *self.identity_provider.get_handlers(),
            (r"/.*", handlers.Nothing),
        ]

    def _page(self, notebook: str) -> dict:
        shared = {"template_paths": self.template_paths, "config": self.config}
        return {"notebook_path": notebook, "voila_configuration": self.voila_configuration, **shared}

    def renew(self) -> None:
        """Preheated kernels that have read an older month go."""
        self.kernel_manager.renew(folder.stamp(self.service.home, self.service.pipeline))

    def listen(self):
        """Listen on the one port; stop when the parent is gone."""
        self.renew()
        proxies = {"xheaders": True, "trusted_downstream": ["127.0.0.1", "::1"]} if self.service.behind_proxy else {}
        self.app.listen(self.port, self.ip, max_body_size=100_000, **proxies)
        self.log.info("%s of %s: %s", self.service.audience, self.service.pipeline, self.display_url)
        self.ioloop, parent = IOLoop.current(), os.getppid()

        def alive():
            self.renew()
            if os.getppid() != parent:
                self.ioloop.stop()

        PeriodicCallback(alive, 2000).start()
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            self.log.info("stopping")
        finally:
            self.stop()

    def stop(self):
        """Stop the kernels; one that was just starting or ending may be unknown by then, and follows its parent."""
        with contextlib.suppress(HTTPError):
            super().stop()


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped; `command.serve` starts this with the environment of the audience."""
    parser = argparse.ArgumentParser(prog="customerbase.serving.server")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--token-file", type=Path)
    parser.add_argument("--behind-proxy", action="store_true")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kernels", type=int, required=True)
    for name in ("pipeline", "audience", "ip"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--identity-provider")
    service = Service(**vars(parser.parse_args(arguments)))
    pages = find(service.audience).pages
    os.environ |= {"CUSTOMERBASE_HOME": str(service.home), "CUSTOMERBASE_PIPELINE": service.pipeline}
    os.environ["CUSTOMERBASE_PAGES"] = " ".join(pages)
    page = str(PAGES / f"{pages[0]}.ipynb")
    if provisioner.wanted():
        provisioner.owner(HEATED, os.environ).start()  # imports while this process goes on with its own
    app = Dashboards(config=settings(service), service=service, notebook_path=page, log=logs.setup())
    app.initialize([])
    app.start()


if __name__ == "__main__":
    main()
