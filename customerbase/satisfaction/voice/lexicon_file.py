"""A lexicon of polarity as a person wrote it: read, put into one form, and told what is wrong with it."""

import unicodedata
from collections.abc import Collection
from pathlib import Path

import yaml

from customerbase.errors import ConfigError, near_miss

LANGUAGES = ("ja", "en")
Words = dict[str, dict[str, tuple[str, ...]]]  # language -> kind or helper -> words


def read_lexicon(place: Path, kinds: Collection[str], helpers: Collection[str]) -> Words:
    """The words of a file by language and kind, in one Unicode form, English ones in lower case.

    Raises ConfigError, naming the line, for what is no YAML, unknown or repeated names, what is no list of words, and a word
    of two kinds.
    """
    try:
        text = place.read_text(encoding="utf-8-sig")
        node, content = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except UnicodeDecodeError:
        raise ConfigError(f"{place.name} is not written in UTF-8; save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(
            f"{place.name}{where}: no YAML ({getattr(error, 'problem', None) or 'unreadable'}); is a quote left open, or a tab used"
            " instead of spaces?"
        ) from None
    if not isinstance(content, dict) or set(content) != set(LANGUAGES):
        found = sorted(map(str, content)) if isinstance(content, dict) else content
        raise ConfigError(f"{place.name} has the parts {found!r}; expected ja and en.")
    _no_repeats(node, place.name)
    return {language: _part(content[language], language, place.name, kinds, helpers) for language in LANGUAGES}


def _no_repeats(node: yaml.Node, name: str) -> None:
    """A name that stands twice in one part: YAML would silently take the last."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            raise ConfigError(
                f"{name}, line {key.start_mark.line + 1}: {key.value!r} stands twice; bring the two together."
            )
        seen.add(key.value)
        _no_repeats(value, name)


def _part(
    content: object, language: str, name: str, kinds: Collection[str], helpers: Collection[str]
) -> dict[str, tuple[str, ...]]:
    where = f"{name}, {language}"
    if content is not None and not isinstance(content, dict):
        raise ConfigError(f"{where}: {content!r}; expected kinds such as positive, each with its words.")
    found: dict[str, tuple[str, ...]] = {}
    kind_of: dict[str, str] = {}
    for kind, lines in (content or {}).items():
        if kind not in kinds and kind not in helpers:
            options = [*kinds, *helpers]
            raise ConfigError(
                f"{where}: unknown kind {kind!r}; expected {', '.join(options)}.{near_miss(kind, options)}"
            )
        found[kind] = _words(lines, language, f"{where}, {kind}")
        for word in found[kind] if kind in kinds else ():
            if kind_of.setdefault(word, kind) != kind:
                raise ConfigError(f"{where}: {word!r} is {kind_of[word]} and {kind}; expected one of the two.")
    return found


def _words(lines: object, language: str, where: str) -> tuple[str, ...]:
    """The words of one kind: a text of words between spaces, or a list of such texts."""
    listed = [] if lines is None else lines if isinstance(lines, list) else [lines]
    for line in listed:
        if isinstance(line, bool):
            raise ConfigError(f"{where}: YAML reads no, yes, on and off as {line}; write the word in quotes.")
        if not isinstance(line, str):
            raise ConfigError(
                f"{where}: {line!r}; expected words between spaces (in quotes where one has a colon or is a number)."
            )
    words = unicodedata.normalize("NFKC", " ".join(listed)).split()
    words = [word.lower() for word in words] if language == "en" else words
    if "*" in words:
        raise ConfigError(f"{where}: a * alone would stand for every word; write the beginning of the word before it.")
    return tuple(words)
