"""How the inputs of a published month are kept: `archive:` of a pipeline's file (docs/verify.md)."""

from dataclasses import dataclass

from customerbase.errors import ConfigError, near_miss

WAYS = ("copy", "link", "off")


@dataclass(frozen=True)
class Archiving:
    """inputs: copy, link (a hard link where the file system can) or off; months: the newest so many keep their inputs.

    months: None keeps those of every month.
    """

    inputs: str = "copy"
    months: int | None = None


def read_archiving(given: dict, where: str) -> Archiving:
    """`archive:` of a pipeline's file, checked. Raises ConfigError naming the file, the value and the near miss."""
    for key in given:
        if key not in ("inputs", "months"):
            near = near_miss(str(key), ("inputs", "months"))
            raise ConfigError(f"{where}: archive has the unknown key {key!r}; expected inputs, months.{near}")
    ways, months = given.get("inputs", "copy"), given.get("months")
    ways = "off" if ways is False else ways  # YAML reads a bare off as false
    if ways not in WAYS:
        raise ConfigError(
            f"{where}: archive.inputs is {ways!r}; expected one of {', '.join(WAYS)}.{near_miss(str(ways), WAYS)}"
        )
    if months is not None and (type(months) is not int or months < 1):
        raise ConfigError(f"{where}: archive.months is {months!r}; expected a whole number of months from 1 on.")
    return Archiving(ways, months)
