"""YAML for people: block style, a comment at the end of each line that has one, everything hostile escaped."""

import yaml

from customerbase.sources.guess_table import safe

Comments = dict[tuple, str]  # path of keys in the file -> comment at the end of that line


def as_yaml(
    spec: dict, comments: Comments, head: str = "Draft: check the lines marked PLEASE CHECK, then use it."
) -> str:
    """The file's text: block style, every comment at the end of its line; reads back as exactly `spec`."""
    text = f"# {safe(head)}\n" + "\n".join(_lines_of(spec, comments, (), 0)) + "\n"
    if yaml.safe_load(text) != spec:  # a comment or heading that YAML reads otherwise: do without comments
        text = yaml.safe_dump(spec, sort_keys=False, width=10_000)
    return text


def _lines_of(value: object, comments: Comments, path: tuple, depth: int) -> list[str]:
    lines: list[str] = []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        where = (*path, key)
        note = f"  # {safe(comments[where])}" if where in comments else ""
        start = "  " * depth + (f"{_scalar(key)}:" if isinstance(value, dict) else "-")
        if isinstance(item, dict | list) and item and not _short(item, comments, where):
            inner = _lines_of(item, comments, where, depth + 1)
            if isinstance(value, dict):
                lines += [start + note, *inner]
            else:
                lines += [start + " " + inner[0].lstrip(), *inner[1:]]
        else:
            lines.append(f"{start} {_scalar(item)}{note}")
    return lines


def _short(item: object, comments: Comments, path: tuple) -> bool:
    """Whether a list or mapping of plain values fits on its line without losing a comment."""
    values = item.values() if isinstance(item, dict) else item
    commented = any(where[: len(path)] == path and len(where) > len(path) for where in comments)
    if commented or (isinstance(item, dict) and "" in item):  # an empty key reads badly inside braces
        return False
    return all(not isinstance(value, dict | list) for value in values) and len(_scalar(item)) <= 80


def _scalar(value: object) -> str:
    """One value on one line, quoted and escaped by YAML's own rules."""
    if isinstance(value, str) and any(not sign.isprintable() for sign in value):
        return yaml.safe_dump(value, default_style='"', width=10**6).strip()  # escapes all but ASCII
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10**6, sort_keys=False)
    return text.removesuffix("...\n").strip()
