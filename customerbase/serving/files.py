"""Files of the software itself: the same headers as on pages, and compressed once instead of for every visitor."""

import gzip
from functools import lru_cache
from pathlib import Path

from jupyter_server.base.handlers import FileFindHandler
from tornado.web import GZipContentEncoding, HTTPError, StaticFileHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler


class Plain:
    """The headers of settings.py."""

    def set_default_headers(self) -> None:
        """The same ones as on pages."""
        for name, value in self.settings["headers"].items():
            self.set_header(name, value)


class Once:
    """A file for whoever takes gzip; a first visit fetches 4.8 MB, whose compression took most of the server's time.

    tornado leaves an answer alone that is compressed already. Mixed into a StaticFileHandler.
    """

    packed: bytes | None = None

    def get_content_size(self) -> int:
        """Bytes of what is sent."""
        size, kind = super().get_content_size(), self.get_content_type().split(";")[0]
        asked = self.request.headers
        text = kind.startswith("text/") or kind in GZipContentEncoding.CONTENT_TYPES
        if not text or "gzip" not in asked.get("Accept-Encoding", "") or "Range" in asked:
            return size
        self.packed = _packed(self.absolute_path, self._stat().st_mtime_ns, size)
        self.set_header("Content-Encoding", "gzip")
        return len(self.packed)

    def get_content(self, abspath: str, start: int | None = None, end: int | None = None):
        """What is sent."""
        return self.packed if self.packed is not None else super().get_content(abspath, start, end)

    @classmethod
    def get_content_version(cls, abspath: str) -> str:
        """The version of the file, compressed or not."""
        return StaticFileHandler.get_content_version(abspath)


@lru_cache(maxsize=512)  # some hundred files of the software, 2 MB together
def _packed(path: str, changed: int, size: int) -> bytes:
    # time and size are asked for so that another file under the same name is another one
    return gzip.compress(Path(path).read_bytes(), mtime=0)


class Static(Plain, Once, MultiStaticFileHandler):
    """Scripts and styles of Voila and of this package."""


class Extension(Once, FileFindHandler):
    """What draws widgets in the browser."""


class TemplateStatic(Plain, Once, TemplateStaticFileHandler):
    """Style sheets of the template."""

    def parse_url_path(self, path: str) -> str:
        """The path, if it is one of the template in use."""
        if not path.startswith("lab/static/") or ".." in path:
            raise HTTPError(404)
        return super().parse_url_path(path)
