"""One notebook executed by papermill in a kernel of its own, with a context file and a cell counter."""

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from customerbase.pipeline.guard import Guard, Limits
from customerbase.warm import provisioner

HEATED = (  # imported once, before kernels are forked; not DuckDB and what needs it, whose import starts a thread
    "customerbase.i18n",
    "IPython.display",
    "jinja2",
    "matplotlib.pyplot",
    "phonenumbers",
    "pyarrow.parquet",
    "scipy.optimize",
    "scipy.sparse.csgraph",
    "scipy.stats",
    "seaborn",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sqlglot",
)
SAFE_TO_SHOW = {
    "ConfigError",
    "ContractError",
    "InputError",
    "TableError",
    "RunError",
    "NameError",
    "ImportError",
    "ModuleNotFoundError",
    "SyntaxError",
    "AttributeError",
    "TypeError",
}


@dataclass(eq=False)  # not frozen: Python sets the traceback of an exception that passes a context manager
class CellFailure(Exception):
    """The cell that stopped a page: its number among the code cells, its text, the error's name and message."""

    cell: int
    source: str
    name: str
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


def execute(
    notebook: Path,
    output: Path,
    parameters: dict,
    context: Path,
    progress: Callable[[int, int], None],
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> float:
    """Run one notebook; returns the most MiB its kernel held. `progress(done, all)` is called after each cell.

    Raises CellFailure for the cell that failed (the partly executed notebook is left at `output`), and KernelDied for a
    kernel that was stopped at its limits or ended by itself.
    """
    import papermill  # about 3 s of imports: only when something runs
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    _register_engine()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    environment = os.environ | {"CUSTOMERBASE_CONTEXT": str(context), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    managers: list = []  # the kernel's, once it is made
    try:
        with Guard(limits, lambda: _process(managers)) as guard:
            papermill.execute_notebook(
                notebook,
                output,
                parameters=parameters,
                engine_name="customerbase",
                kernel_name="python3",
                language="python",
                progress_bar=False,
                kernel_environment=environment,
                kernel_log=context.with_name("kernel.log"),
                managers=managers,
                progress=progress,
            )
    except PapermillExecutionError as error:
        raise CellFailure(error.exec_count or error.cell_index, error.source, error.ename, _safe(error)) from None
    except (DeadKernelError, RuntimeError):  # nbclient's words for a kernel that is gone, or never came
        raise guard.died() from None
    return guard.peak_mib


def _process(managers: list) -> int | None:
    provisioner = managers[-1].provisioner if managers else None
    return getattr(provisioner, "pid", None)


def _safe(error) -> str:
    # Messages of foreign errors can quote a row of customer data; those stay in the notebook.
    if error.ename in SAFE_TO_SHOW:
        return error.evalue
    return "its message stays in the notebook, since it may quote customer data"


def _register_engine() -> None:
    from jupyter_client.manager import AsyncKernelManager
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):
        """papermill's own engine with a kernel environment, local sockets and a cell counter."""

        @classmethod
        def execute_managed_notebook(
            cls, nb_man, kernel_name, *, kernel_environment, kernel_log, managers, progress, start_timeout=60, **_
        ):
            complete, total = nb_man.cell_complete, len(nb_man.nb.cells)

            def cell_complete(cell, cell_index=None, **kwargs):
                complete(cell, cell_index, **kwargs)
                progress((cell_index or 0) + 1, total)

            nb_man.cell_complete = cell_complete
            # ipc sockets in a private folder belong to this user alone; TCP ones are open to all on the machine
            with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
                manager = AsyncKernelManager(kernel_name=kernel_name, transport="ipc", ip=f"{sockets}/socket")
                managers.append(manager)
                provisioner.use(manager, HEATED)
                client = PapermillNotebookClient(
                    nb_man, km=manager, kernel_name=kernel_name, startup_timeout=start_timeout
                )
                with kernel_log.open("w", encoding="utf-8") as log:
                    return client.execute(env=kernel_environment, stdout=log, stderr=log, cleanup_kc=True)

    papermill_engines.register("customerbase", Engine)
