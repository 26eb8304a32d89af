"""How a company's months are run: the key `run:` of its pipeline file. Nothing here changes a table or a number."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from customerbase.errors import ConfigError, near_miss
from customerbase.pipeline.guard import Limits
from customerbase.pipeline.notify import Hook, read_hooks

NUMBERS = ("jobs", "memory_gb", "stage_minutes", "stage_memory_gb", "keep_versions")
KEYS = (*NUMBERS, "link", "notify")


@dataclass(frozen=True)
class Settings:
    """What `run:` says; None where it says nothing. docs/unattended.md has a line on each."""

    jobs: int | None = None
    memory_gb: float | None = None
    stage_minutes: float | None = None
    stage_memory_gb: float | None = None
    keep_versions: int | None = None
    link: str = ""
    notify: tuple[Hook, ...] = field(default_factory=tuple)

    def how(self, options: Mapping[str, object]) -> dict[str, object]:
        """Jobs, memory and limits of a run: what the command line says, else the file, else none (and two jobs)."""

        def given(name: str) -> float | None:
            value = options.get(name)
            return getattr(self, name) if value is None else value

        minutes, memory, stage = given("stage_minutes"), given("memory_gb"), given("stage_memory_gb")
        limits = Limits(minutes and minutes * 60, stage and stage * 1024)
        return {"jobs": given("jobs") or 2, "memory_mib": memory and memory * 1024, "limits": limits}


def read_settings(content: Mapping[str, object], where: str) -> Settings:
    """`run:` of a pipeline file, checked. Raises ConfigError naming the key, its value and what was expected."""
    for key, value in content.items():
        if key not in KEYS:
            raise ConfigError(f"{where}: run has the unknown key {key!r}.{near_miss(str(key), KEYS)}")
        if key in NUMBERS:
            whole = key in ("jobs", "keep_versions")
            kind = int if whole else int | float
            if isinstance(value, bool) or not isinstance(value, kind) or value <= 0:
                raise ConfigError(
                    f"{where}: run.{key} is {value!r}; expected a {'whole ' if whole else ''}number above 0."
                )
    link = content.get("link", "")
    if not isinstance(link, str) or (link and not link.startswith(("https://", "http://"))):
        raise ConfigError(
            f"{where}: run.link is {link!r}; expected the address under which reports/ is served (https://…)."
        )
    hooks = read_hooks(content.get("notify") or (), where)
    return Settings(**{key: content[key] for key in NUMBERS if key in content}, link=link, notify=hooks)
