"""The contract each notebook states, read from its source with `ast`: no kernel, no import, milliseconds."""

import ast
import hashlib
import io
import json
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from customerbase.errors import ContractError, near_miss

ROLES = ("parameters", "contract", "read", "compute", "look", "write", "record")
KEYWORDS = ("pipeline", "month", "reads", "writes", "previous")  # of Stage(…), after the stage's name
NUMBER = r"\d\d[b-z]?"  # of a page, before its name
_TYPES = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "list": (list,), "dict": (dict,)}


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: name, type, default and meaning."""

    name: str
    type: str
    default: object
    meaning: str

    def check(self, value: object, where: str) -> object:
        """The value, when it is of the declared type; raises ContractError naming value, type and place."""
        base = self.type.split("[")[0]
        if not isinstance(value, _TYPES[base]) or (base in ("int", "float") and isinstance(value, bool)):
            raise ContractError(f"{where}: parameter {self.name} is {value!r}; expected {self.type} ({self.meaning}).")
        return value


@dataclass(frozen=True)
class Contract:
    """What one notebook declares: its stage name, parameters, the tables it reads, writes and takes from the month before."""

    path: Path
    name: str
    parameters: dict[str, Parameter]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    source_hash: str
    previous: tuple[str, ...] = ()
    prints_run: bool = False  # it says stage.run_id: its result belongs to one run

    @property
    def number(self) -> str:
        """What orders the pages: two digits, and a letter where a page goes on from another (07, 07b, 08)."""
        return self.path.stem.split("_")[0]


def read_contract(path: Path) -> Contract:
    """The contract of one notebook. Raises ContractError naming file, cell and what was expected."""
    cells = _cells(path)
    code = [(_role(path, cell), "".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    _check_roles(path, [role for role, _ in code])
    parameters = _parameters(path, "\n".join(text for role, text in code if role == "parameters"))
    name, tables = _stage_call(path, "\n".join(text for role, text in code if role == "contract"))
    if not re.fullmatch(rf"{NUMBER}_{re.escape(name)}", path.stem):
        raise ContractError(f"{path.name}: Stage({name!r}) does not fit the file name; expected NN_{name}.ipynb.")
    digest = hashlib.sha256(json.dumps([(cell["cell_type"], "".join(cell["source"])) for cell in cells]).encode())
    prints_run = any("stage.run_id" in text for _, text in code)
    return Contract(path, name, parameters, source_hash=digest.hexdigest(), prints_run=prints_run, **tables)


def read_contracts(folder: Path) -> list[Contract]:
    """The contracts of all numbered notebooks of a folder, in the order of their numbers, checked as one house.

    Raises ContractError for two notebooks of one number or name, a table with two writers, a table read before it is
    written, or one taken from the month before that no notebook writes.
    """
    contracts = [read_contract(path) for path in pages(folder)]
    _check_unique(contracts)
    writer = _writers(contracts)
    for contract in contracts:
        for table in contract.reads:
            _check_read(contract, table, writer)
        for table in contract.previous:  # any page may have written it a month ago, this one included
            if table not in writer:
                raise ContractError(
                    f"{contract.path.name} takes {table!r} from the month before (previous=…), but no notebook writes"
                    f" it.{near_miss(table, writer)}"
                )
    return contracts


def pages(folder: Path) -> list[Path]:
    """The numbered notebooks of a folder, in the order of their numbers."""
    return sorted(path for path in folder.glob("*.ipynb") if re.fullmatch(rf"{NUMBER}_\w+", path.stem))


def _check_read(contract: Contract, table: str, writer: dict[str, Contract]) -> None:
    if table not in writer:
        raise ContractError(
            f"{contract.path.name} reads {table!r}, which no notebook writes.{near_miss(table, writer)}"
            f" A notebook numbered below {contract.number} has to name it in its Stage(writes=…)."
        )
    if writer[table].number >= contract.number:
        raise ContractError(
            f"{contract.path.name} reads {table!r}, which is written later, by {writer[table].path.name};"
            " data flow from lower numbers to higher."
        )


def check_tables(contracts: Iterable[Contract], known: Iterable[str]) -> None:
    """Raise ContractError for a table that has no file in expectations/."""
    known = list(known)
    for contract in contracts:
        for table in (*contract.reads, *contract.writes, *contract.previous):
            if table not in known:
                raise ContractError(
                    f"{contract.path.name}: unknown table {table!r}; expected one of expectations/.{near_miss(table, known)}"
                )


def check_overrides(contracts: Iterable[Contract], overrides: dict[str, dict], where: str) -> None:
    """Raise ContractError for an override of an unknown stage or parameter, or one of the wrong type."""
    by_name = {contract.name: contract for contract in contracts}
    for stage, values in overrides.items():
        if stage not in by_name:
            raise ContractError(f"{where}: parameters for unknown stage {stage!r}.{near_miss(stage, by_name)}")
        if not isinstance(values, dict):
            raise ContractError(f"{where}: parameters.{stage} is {values!r}; expected name: value lines.")
        known = by_name[stage].parameters
        for name, value in values.items():
            if name not in known:
                raise ContractError(
                    f"{where}: {by_name[stage].path.name} has no parameter {name!r}.{near_miss(name, known)}"
                )
            known[name].check(value, where)


def _cells(path: Path) -> list[dict]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError) as error:
        raise ContractError(
            f"{path.name}: not a notebook ({type(error).__name__}); expected JSON with cells."
        ) from error


def _role(path: Path, cell: dict) -> str:
    tags = [tag for tag in cell.get("metadata", {}).get("tags", []) if tag in ROLES]
    if len(tags) != 1:
        first = "".join(cell["source"]).splitlines()[:1]
        raise ContractError(
            f"{path.name}: the cell {first} carries tags {tags}; expected exactly one of {', '.join(ROLES)}."
        )
    return tags[0]


def _check_roles(path: Path, roles: list[str]) -> None:
    order = [ROLES.index(role) for role in roles]
    for before, after in pairwise(order):
        if after < before:
            raise ContractError(
                f"{path.name}: a {ROLES[after]!r} cell follows a {ROLES[before]!r} cell; the order is {' -> '.join(ROLES)}."
            )
    for role in ("parameters", "contract"):
        if roles.count(role) != 1:
            raise ContractError(f"{path.name}: {roles.count(role)} cells tagged {role!r}; expected one.")


def _parse(path: Path, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise ContractError(f"{path.name}: line {error.lineno} does not parse: {error.msg}.") from error


def _parameters(path: Path, text: str) -> dict[str, Parameter]:
    body = _parse(path, text).body
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for node in body:
        line = text.splitlines()[node.lineno - 1].strip()
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
            raise ContractError(f"{path.name}: parameter line {line!r}; expected `name: type = literal  # meaning`.")
        kind, meaning = ast.unparse(node.annotation), comments.get(node.end_lineno, "")
        if kind.split("[")[0] not in _TYPES:
            raise ContractError(
                f"{path.name}: parameter line {line!r}: type {kind}; expected one of {', '.join(_TYPES)}."
            )
        if not meaning:
            raise ContractError(f"{path.name}: parameter line {line!r} has no comment saying what it means.")
        try:
            default = ast.literal_eval(node.value)
        except ValueError as error:
            raise ContractError(f"{path.name}: parameter line {line!r}: the default is not a literal.") from error
        parameter = Parameter(node.target.id, kind, default, meaning)
        parameter.check(default, path.name)
        found[parameter.name] = parameter
    return found


def _stage_call(path: Path, text: str) -> tuple[str, dict[str, tuple[str, ...]]]:
    """The stage's name, and its lists of tables by keyword."""
    calls = [
        node
        for node in ast.walk(_parse(path, text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Stage"
    ]
    if len(calls) != 1:
        raise ContractError(f"{path.name}: {len(calls)} calls of Stage(…) in the contract cell; expected one.")
    keywords = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    for word in keywords:
        if word not in KEYWORDS:
            raise ContractError(
                f"{path.name}: Stage(…) has no {word!r}; expected {', '.join(KEYWORDS)}.{near_miss(str(word), KEYWORDS)}"
            )
    try:
        name = ast.literal_eval(calls[0].args[0])
        tables = {key: _names(keywords[key]) for key in ("reads", "writes")}
        tables["previous"] = _names(keywords["previous"]) if "previous" in keywords else ()
    except (ValueError, KeyError, IndexError) as error:
        raise ContractError(
            f'{path.name}: expected Stage("name", …, reads=["…"], writes=["…"]) and, where a table of the month before is'
            ' needed, previous=["…"], with literal lists, so that it can be read without running the page.'
        ) from error
    return name, tables


def _names(node: ast.expr) -> tuple[str, ...]:
    found = ast.literal_eval(node)
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise ValueError(found)
    return tuple(found)


def _check_unique(contracts: list[Contract]) -> None:
    for before, after in pairwise(contracts):
        if before.number == after.number:
            raise ContractError(f"{before.path.name} and {after.path.name} share a number; each page has its own.")
    names = [contract.name for contract in contracts]
    for name in names:
        if names.count(name) > 1:
            raise ContractError(f"{names.count(name)} notebooks are named {name!r}; expected one.")


def _writers(contracts: list[Contract]) -> dict[str, Contract]:
    writer: dict[str, Contract] = {}
    for contract in contracts:
        for table in contract.writes:
            if table in writer:
                raise ContractError(
                    f"table {table!r} has two writers: {writer[table].path.name} and {contract.path.name}."
                )
            writer[table] = contract
    return writer
