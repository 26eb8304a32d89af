"""A published month in one file, to be verified on another machine: manifest, archived inputs, no key of the ids.

FILE.tar   manifest.json, then <ab>/<SHA-256> for every raw file, file of pipelines/ and table of the month before

It holds the company's raw data, so it is its owner's alone (mode 600). Read, it is a stranger's file: only plain files
with these very names are taken, each of the bytes its name says, and paths of the manifest may not leave their folder.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

import customerbase.pipeline.archive as archive
import customerbase.pipeline.materials as materials
from customerbase.errors import InputError, RunError
from customerbase.periods import month_text, parse_month
from customerbase.pipeline.contracts import read_contracts
from customerbase.pipeline.materials import Materials
from customerbase.pipeline.plan import default_month
from customerbase.pipeline.rebuild import at_home
from customerbase.pipeline.verify import Findings, Subject, conclude, data_folder, look
from customerbase.tables import store

MANIFEST, LARGEST_MANIFEST = "manifest.json", 64 << 20  # bytes
BLOCK = 1 << 20  # bytes
_MEMBER = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})")
_DIGEST, _NAME = re.compile(r"[0-9a-f]{64}"), re.compile(r"\w[\w-]*")
_KINDS = {
    "inputs": dict,
    "configuration": dict,
    "previous": dict,
    "parameters": dict,
    "code": dict,
    "versions": dict,
    "tables": dict,
    "records": dict,
    "reports": dict,
    "ledger_runs": dict,
    "run_id": str,
    "pipeline": str,
    "month": str,
}


def make(pipeline: str, month: str | None, out: Path, *, notebooks: Path = store.ROOT / "notebooks") -> int:
    """Write the bundle of a published month; returns its size in bytes. Equal months give equal bytes.

    Raises RunError when the month is not published, was published before inputs were archived, or when what it was
    made from is no longer whole.
    """
    month = month_text(parse_month(month or default_month(read_contracts(notebooks))))
    published = store.current(pipeline, month)
    if published is None:
        raise RunError(f"{pipeline} {month} is not published; run `make report` first.")
    if "configuration" not in published:
        raise RunError(f"{pipeline} {month} was published before inputs were archived; publish it again with --force.")
    found = materials.find(published, data_folder(pipeline, None))
    if faults := [*found.damaged, *found.replaced]:
        raise RunError(f"{pipeline} {month} cannot be bundled: {'; '.join(faults)}.")
    content = json.dumps(published, ensure_ascii=False, indent=1).encode()
    with _draft(out) as draft, tarfile.open(draft, "w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, MANIFEST, io.BytesIO(content), len(content))
        for digest, path in sorted(_files(published, found).items()):
            with path.open("rb") as file:
                _add(tar, f"{digest[:2]}/{digest}", file, path.stat().st_size)
    return out.stat().st_size


@contextmanager
def _draft(out: Path) -> Iterator[Path]:
    """A path of mode 600 to write to; becomes the bundle when the block ends well, and is gone when it does not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    try:
        draft.touch(mode=0o600, exist_ok=False)
        yield draft
        store.sync(draft)
        os.replace(draft, out)
        store.sync(out.parent)
    finally:
        draft.unlink(missing_ok=True)


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)  # no owner, no time: equal months give equal bytes
    member.size, member.mode = size, 0o600
    tar.addfile(member, content)


def _files(published: dict, found: Materials) -> dict[str, Path]:
    """SHA-256 -> file, of all that a run was made from."""
    files = {published["inputs"][name]["sha256"]: path for name, path in found.inputs.items()}
    files |= {published["configuration"][name]: path for name, path in found.configuration.items()}
    return files | {one.sha256[table]: path for one in found.previous.values() for table, path in one.paths.items()}


def verify(
    file: Path,
    pipeline: str | None = None,
    month: str | None = None,
    *,
    notebooks: Path = store.ROOT / "notebooks",
    say: Callable[[str], None] = print,
) -> bool:
    """Whether the month in a bundle is what its inputs give with the code, versions and key of this machine.

    Tables, numbers and published files are compared by hash: which rows differ is seen only where the tables are.
    Raises InputError for a file that is no bundle, or one of another pipeline or month.
    """
    with tempfile.TemporaryDirectory(prefix="customerbase-bundle-") as place:
        home = Path(place).resolve()
        with at_home(home):
            published = _unpacked(file, archive.folder())
            for what, asked in (("pipeline", pipeline), ("month", month)):
                if asked and asked != published[what]:
                    raise InputError(f"{file} holds {published['pipeline']} {published['month']}; asked was {asked}.")
            found = materials.find(published, None)
            found.notes.clear()  # what is said of this machine's own files
        contracts, findings, subject = read_contracts(notebooks), Findings(), Subject(published)
        look(subject, found, contracts, notebooks, findings)
        return conclude(subject, findings, say)


# --- a stranger's file ----------------------------------------------------------------------------------------------


def _unpacked(file: Path, folder: Path) -> dict:
    """The manifest of a bundle; its other files go to `folder`, each under its SHA-256."""
    try:
        with tarfile.open(file, "r:") as tar:
            first = tar.next()
            published = _manifest(file, tar, first)
            wanted = archive.named(published)
            while (member := tar.next()) is not None:
                digest = _expected(file, member, wanted)
                wanted.remove(digest)
                _unpack(file, tar, member, archive.place(digest, folder))
    except (tarfile.TarError, OSError) as error:
        raise InputError(f"{file} cannot be read as a bundle ({type(error).__name__}: {error}).") from error
    if wanted:
        raise InputError(f"{file} is not whole: {len(wanted)} of the files that its manifest names are missing.")
    return published


def _plain_file(member: tarfile.TarInfo) -> bool:
    return member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()


def _expected(file: Path, member: tarfile.TarInfo, wanted: set[str]) -> str:
    match = _MEMBER.fullmatch(member.name)
    if not match or not _plain_file(member) or match[2] not in wanted:
        raise InputError(
            f"{file} holds {member.name!r}; expected plain files under the hashes of its manifest, each once."
        )
    return match[2]


def _unpack(file: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, content = hashlib.sha256(), tar.extractfile(member)
    with place.open("xb") as copy:
        os.fchmod(copy.fileno(), 0o400)
        while block := content.read(BLOCK):
            digest.update(block)
            copy.write(block)
    if digest.hexdigest() != place.name:
        raise InputError(f"{file}: {member.name!r} does not have the bytes that its name says; it was changed or cut.")


def _manifest(file: Path, tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> dict:
    if member is None or member.name != MANIFEST or not _plain_file(member) or member.size > LARGEST_MANIFEST:
        raise InputError(f"{file} does not begin with {MANIFEST}; `verify --make-bundle` makes a bundle.")
    try:
        published = json.loads(tar.extractfile(member).read())
        fault = next(_faults(published), None)
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        raise InputError(f"{file}: {MANIFEST} is not one of a published month ({type(error).__name__}).") from error
    if fault:
        raise InputError(f"{file}: {MANIFEST}: {fault}.")
    return published


def _faults(published: dict) -> Iterator[str]:
    """What is wrong with a manifest from elsewhere, before anything of it is used as a name or a path."""
    yield from (f"{key} is not a {kind.__name__}" for key, kind in _KINDS.items() if type(published[key]) is not kind)
    parse_month(published["month"])
    if not _NAME.fullmatch(published["pipeline"]):
        yield f"pipeline is {published['pipeline']!r}; expected a name"
    paths = {"inputs": published["inputs"], "configuration": published["configuration"]}
    yield from (f"{what}: {one!r} is no path below its folder" for what, named in paths.items() for one in _bad(named))
    strays = [one for one in published["configuration"] if not one.startswith(materials.FOLDER)]
    yield from (f"configuration: {one!r} is not below {materials.FOLDER}" for one in strays)
    if f"{materials.FOLDER}{published['pipeline']}.yaml" not in published["configuration"]:
        yield f"configuration lacks {published['pipeline']}.yaml"
    digests = [*published["configuration"].values(), *published["reports"].values()]
    digests += [facts["sha256"] for what in ("inputs", "tables") for facts in published[what].values()]
    for told in published["previous"].values():
        digests += told["tables"].values()
        if told["month"] is not None:
            parse_month(told["month"])
    yield from (f"{one!r} is no SHA-256" for one in digests if not _DIGEST.fullmatch(one))
    yield from (
        f"{one!r} has no number of rows" for one, facts in published["tables"].items() if type(facts["rows"]) is not int
    )
    nested = [*published["parameters"].values(), *published["records"].values()]
    yield from (f"{one!r} is not a dict" for one in nested if type(one) is not dict)
    yield from (f"code: {one} is no text" for one in ("sha256", "commit") if type(published["code"][one]) is not str)


def _bad(paths: Iterable[str]) -> Iterator[str]:
    """Paths that would leave their folder, or stand below one another."""
    paths = set(paths)
    for one in sorted(paths):
        parts = PurePosixPath(one).parts
        above = {str(parent) for parent in PurePosixPath(one).parents}
        if (
            not parts
            or "/".join(parts) != one
            or ".." in parts
            or not one.isprintable()
            or above & paths
            or one.startswith("/")
        ):
            yield one
