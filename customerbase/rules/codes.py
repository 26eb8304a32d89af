"""What the pipeline file says of any segment or audience: its code, and its texts in both languages."""

import re

from customerbase.errors import ConfigError


def check_code(code: object, place: str, what: str = "a segment") -> None:
    """Raise ConfigError unless the code of a segment (or `what`) is made of small letters and _."""
    if not isinstance(code, str) or not re.fullmatch(r"[a-z][a-z_]{0,39}", code):
        raise ConfigError(f"{place}: {code!r} is no code of {what}; expected small letters and _, at most 40.")


def both_languages(given: object, place: str, needed: bool) -> dict[str, str]:
    """{en, ja} of a text a reader sees; empty where nothing is given and nothing needed. Raises ConfigError otherwise."""
    if given is None and not needed:
        return {"en": "", "ja": ""}
    if not isinstance(given, dict) or set(given) != {"en", "ja"}:
        raise ConfigError(f"{place} is {given!r}; expected {{en: …, ja: …}}.")
    for language, text in given.items():
        if not isinstance(text, str) or not text.strip() or len(text) > 200 or not text.isprintable():
            raise ConfigError(f"{place}.{language} is {text!r}; expected one line of at most 200 characters.")
    return given
