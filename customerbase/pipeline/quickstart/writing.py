"""Writing down what was agreed: a pipeline file and a source file, both for people to edit."""

import glob
import hashlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from customerbase import tables
from customerbase.sources.doctor import Diagnosis
from customerbase.sources.guess_draft import source_spec
from customerbase.sources.guess_table import safe, word
from customerbase.sources.guess_yaml import as_yaml
from customerbase.sources.mapping import load_source
from customerbase.tables import store
from customerbase.text import nfkc

NO_CURRENCY = "XXX"  # ISO 4217's own code for it
Say = Callable[[str], object]


def write(diagnoses: Sequence[Diagnosis], folder: Path, language: str, say: Say) -> tuple[str, Path]:
    """Write pipelines/<name>.yaml and pipelines/sources/<name>.yaml; returns the name and the pipeline file's path."""
    name, title = name_of(diagnoses[0].path), safe(diagnoses[0].path.name)
    paths = [one.path.resolve() for one in diagnoses]
    data = Path(os.path.commonpath([path.parent for path in paths]))
    patterns = [glob.escape(path.relative_to(data).as_posix()) for path in paths]
    spec, comments = source_spec(diagnoses, name.removeprefix("quickstart_"), patterns, title)
    source = folder / "sources" / f"{name}.yaml"
    head = f"How the columns of {title} become canonical ones; written by quickstart, yours to edit."
    _keep_and_write(source, as_yaml(spec, comments, head), language, say)
    load_source(source, tables.schemas())  # what was written is checked before anything runs
    _keep_and_write(folder / f"{name}.yaml", _pipeline_text(name, title, data, diagnoses), language, say)
    return name, folder / f"{name}.yaml"


def name_of(path: Path) -> str:
    """The pipeline's name for a file: quickstart_<its stem in letters and digits>, or a hash where it has none; always the same."""
    plain = re.sub(r"[\W_]+", "_", nfkc(path.stem).casefold()).strip("_")[:40]
    return f"quickstart_{plain or hashlib.sha256(path.stem.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _pipeline_text(name: str, title: str, data: Path, diagnoses: Sequence[Diagnosis]) -> str:
    home = store.home()
    code = next((one.currency for one in diagnoses if one.currency), None) or (
        "JPY" if _japanese(diagnoses) else NO_CURRENCY
    )
    spec = {
        "title": {"en": title, "ja": title},
        "aim": {
            "en": "Who buys, who comes back, who is drifting away.",
            "ja": "誰が買い、誰が戻り、誰が離れつつあるかを知る。",
        },
        "data": data.relative_to(home).as_posix() if data.is_relative_to(home) else str(data),
        "sources": [name],
        "settings": {"currency": code, "k_min": 10},
    }
    unsure = " (not found in the data: write yours, such as JPY or EUR)" if code == NO_CURRENCY else ""
    return as_yaml(
        spec, {("settings", "currency"): f"ISO 4217{unsure}"}, "A company in one file; see docs/quickstart.md."
    )


def _japanese(diagnoses: Sequence[Diagnosis]) -> bool:
    return any(re.search(r"[\u3041-\u30ff\u4e00-\u9fff]", column.name) for one in diagnoses for column in one.columns)


def _keep_and_write(path: Path, text: str, language: str, say: Say) -> None:
    """Write a file and say so; an earlier one with other content is kept beside it under the next free name."""
    shown = os.path.relpath(path)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        say(word("unchanged", language, path=shown))
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        kept = next(other for n in range(1, 10_000) if not (other := path.with_suffix(f".yaml.{n}")).exists())
        path.rename(kept)
        say(word("replaced", language, path=shown, kept=kept.name))
    else:
        say(word("wrote", language, path=shown))
    store.replace(path, text)
