"""What people and earlier runs left beside a pipeline file: decisions about who is who, linking models, the ledger of actions."""

from customerbase.errors import ConfigError
from customerbase.stage.company import find_file


def decisions(name: str) -> str:
    """The text of pipelines/decisions/<name>.csv, what people decided about who is who; "" when there is none.

    UTF-8, or cp932 as spreadsheets in Japan write it. Raises ConfigError for anything else.
    """
    return _text(f"decisions/{name}.csv", "utf-8-sig", "cp932")


def model(name: str) -> str:
    """The text of pipelines/models/<name>.json, the linking model trained for this company; "" when there is none."""
    return _text(f"models/{name}.json", "utf-8")


def ledger(name: str) -> str:
    """The text of pipelines/ledger/<name>.csv, the company's actions and what became of them; "" when there is none.

    UTF-8, or cp932 as spreadsheets in Japan write it. Raises ConfigError for anything else.
    """
    return _text(f"ledger/{name}.csv", "utf-8-sig", "cp932")


def _text(place: str, *encodings: str) -> str:
    """The text of a file below pipelines/, the home's before the project's; "" when neither has it."""
    path = find_file(place)
    if path is None:
        return ""
    raw = path.read_bytes()
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"{path}: neither {' nor '.join(encodings)}; save it as text in UTF-8.")
