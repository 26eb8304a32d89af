"""The archive: what a published month was made from, kept under the hash of its bytes.

<home>/data/archive/<ab>/<abcd…>   a raw file, a file of pipelines/ or a table of the month before, named by its SHA-256

Raw files hold personal data: the folder is its owner's alone (mode 700), copies are read-only (400). Equal files of
several months stand here once. `archive:` of the pipeline says how (docs/verify.md): `copy`; `link`, a hard link where
the file system can, which costs no space and notices a file edited in place by its hash; `off`.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from customerbase.errors import RunError
from customerbase.pipeline.plan import Plan
from customerbase.stage import company
from customerbase.tables import store

BLOCK = 1 << 20  # bytes


@dataclass(frozen=True)
class Pruned:
    """What `prune` took away: months whose inputs may be gone, files, bytes."""

    months: tuple[str, ...]
    files: int
    bytes: int


def folder() -> Path:
    """The archive of this home."""
    return store.home() / "data" / "archive"


def place(digest: str, archive: Path | None = None) -> Path:
    """Where the file with this SHA-256 stands or would stand."""
    return (archive or folder()) / digest[:2] / digest


def sound(digest: str, archive: Path | None = None) -> bool:
    """Whether the file is there and still has the bytes it is named by."""
    path = place(digest, archive)
    return path.is_file() and store.sha256(path) == digest


@contextmanager
def held(*, alone: bool = False) -> Iterator[None]:
    """Hold the archive while the block runs: publications side by side, `prune` alone, each waiting for the other.

    Else a file could be removed between being found here and being named by the manifest of a published month.
    """
    archive = folder()
    archive.mkdir(parents=True, exist_ok=True)
    archive.chmod(0o700)
    with (archive / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def keep(plan: Plan) -> None:
    """Archive all a plan was made from; what is there already is not written again.

    Raises RunError for a raw file, the pipeline or a source that changed since the plan was made: the run may have
    read either, and could not be told from what it was made.
    """
    _unchanged(plan)
    for content in plan.configuration.values():
        keep_bytes(content)
    how = plan.company.archiving.inputs
    if how == "off":
        return
    for name, facts in plan.inputs.items():
        keep_file(plan.data / name, facts["sha256"], size=facts["bytes"], link=how == "link")
    for before in plan.memory.previous.values():
        for table, path in before.paths.items():  # a published table is never written again: a link is enough
            keep_file(path, before.sha256[table], size=path.stat().st_size, link=True)


def _unchanged(plan: Plan) -> None:
    """Pages read the pipeline and its sources again; the other files come to them as the plan read them."""
    now = company.configuration(plan.company)
    for name, content in plan.configuration.items():
        if name.endswith(".yaml") and now.get(name) != content:
            raise RunError(_changed(name))


def _changed(name: object) -> str:
    return f"{name} changed while the month ran; nothing was published. Start again: what still holds is reused."


def keep_bytes(content: bytes) -> str:
    """Archive a small file; returns its SHA-256."""
    digest = hashlib.sha256(content).hexdigest()
    if not sound(digest):
        with _draft(digest) as draft:
            draft.write_bytes(content)
            draft.chmod(0o400)
            store.sync(draft)
    return digest


def keep_file(source: Path, digest: str, *, size: int, link: bool = False) -> None:
    """Archive a file of this SHA-256 and size in bytes, as a hard link where asked for and possible.

    Raises RunError when it has other bytes or is gone.
    """
    final = place(digest)
    if final.is_file() and final.stat().st_size == size:  # its bytes are looked at by verify
        return
    try:
        with _draft(digest) as draft:
            if (_linked(source, draft) if link else _copied(source, draft)) != digest:
                raise RunError(_changed(source))
    except FileNotFoundError as error:
        raise RunError(_changed(source)) from error


@contextmanager
def _draft(digest: str) -> Iterator[Path]:
    """A path to write to; becomes the archived file when the block ends well, and is gone when it does not."""
    final = place(digest)
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = final.with_name(f".{digest}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    try:
        yield draft
        os.replace(draft, final)
        store.sync(final.parent)
    finally:
        draft.unlink(missing_ok=True)  # also where both names were links to one file: a rename does nothing then


def _linked(source: Path, draft: Path) -> str:
    try:
        os.link(source.resolve(), draft)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without links
        return _copied(source, draft)
    return store.sha256(draft)


def _copied(source: Path, draft: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as file, draft.open("xb") as copy:
        os.fchmod(copy.fileno(), 0o400)
        while block := file.read(BLOCK):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def named(manifest: dict) -> set[str]:
    """SHA-256 of everything a manifest says its run was made from."""
    inputs = {facts["sha256"] for facts in manifest.get("inputs", {}).values()}
    before = {digest for told in manifest.get("previous", {}).values() for digest in told["tables"].values()}
    return inputs | before | set(manifest.get("configuration", {}).values())


def prune(pipeline: str, *, months: int | None = None, dry_run: bool = False) -> Pruned:
    """Remove what no kept month needs: all but the newest `months` published months of a pipeline give up their inputs.

    months: None takes `archive: {months: …}` of the pipeline, and keeps every month where it says nothing. Raw files and
    tables of the month before go, the small configuration of every run stays; what a month of another pipeline, a
    kept month or any run of it names stays too. What no manifest names, left by a publication that was cut off, goes.
    With `dry_run` nothing is removed. Raises ConfigError for a pipeline that is not there.
    """
    company_of = company.load(pipeline)
    months = months or company_of.archiving.months
    with held(alone=True):
        published = store.published_months(pipeline)
        old = tuple(published[:-months]) if months else ()
        needed = _needed(pipeline, old)
        gone = [path for path in sorted(folder().glob("*/*")) if path.name not in needed]
        size = sum(path.stat().st_size for path in gone)
        for path in () if dry_run else gone:
            path.unlink()
            with suppress(OSError):  # others stand there still
                path.parent.rmdir()
    return Pruned(old, len(gone), size)


def _needed(pipeline: str, old: tuple[str, ...]) -> set[str]:
    needed: set[str] = set()
    for path in (store.home() / "data" / "runs").glob("*/*/*/manifest.json"):
        about, (of, month) = store.manifest(path.parent), path.parts[-4:-2]
        given_up = of == pipeline and month in old
        needed |= set(about.get("configuration", {}).values()) if given_up else named(about)
    return needed
