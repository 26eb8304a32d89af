"""The server's log: what happened and where, never what a message, a query or a cell said about a customer."""

import logging
import sys
import traceback


class Discreet(logging.Filter):
    """Reduces an exception to its type and place, because its message may quote a row of customer data."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; True, as every record is kept."""
        if record.exc_info and isinstance(record.exc_info, tuple) and record.exc_info[0]:
            kind, _, trace = record.exc_info
            frames = traceback.extract_tb(trace)
            place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
            record.msg, record.args = "%s at %s", (kind.__name__, place)
            record.exc_info = record.exc_text = None
        return True


NAME = "customerbase.serving"


def setup() -> logging.Logger:
    """One handler on the root logger for this process, whose filter every record passes; gives the server's logger."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S"))
    handler.addFilter(Discreet())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("tornado.access").propagate = False  # request() below says it without the query
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # quotes the message of an exception nobody fetched
    log = logging.getLogger(NAME)
    sys.excepthook = lambda *error: log.critical("stopped", exc_info=error)
    return log


def request(handler) -> None:
    """One line for a request that was refused or failed: method, path without its query, status."""
    status = handler.get_status()
    if status >= 400:
        path = handler.request.path[:100].encode("unicode_escape").decode("ascii")
        logging.getLogger(NAME).warning("%s %s %s", status, handler.request.method, path)
