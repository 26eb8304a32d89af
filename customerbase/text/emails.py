"""E-mail addresses in one form, with the liberties that Japanese carriers took."""

import re

from customerbase.text.plain import EMPTY, Standard, clean, nfkc, standard

_LONGEST = 320
# an address that is standard as it stands, if it is no longer than an address may be (also read by SQL)
PLAIN = "[a-z0-9_][a-z0-9_.+-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]{2,24}"
LONGEST = 254
_PLAIN = re.compile(PLAIN)
_NOISE = re.compile(
    r"^[\s<\[(「\"',;:、。]*(?:(?:mailto|e-?mail|mail|メール)\s*:\s*)?|(?:\?(?:subject|body|cc|bcc)=.*|[\s>\])」\"',;:.、。?!]+)$"
)
_BRACKETED = re.compile(r".*<([^<>]+@[^<>]+)>.*")
_AT = re.compile(r"\s*@\s*")
_SEVERAL = re.compile(r"[\s,;/、]+")
_QUOTED = re.compile(r'"([^"@\s]+)"@')
_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}")  # dots may double, begin and end: a..b.@docomo.ne.jp exists
_LABEL = re.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def standard_email(text: str | None) -> Standard:
    """An e-mail address in lower case: NFKC (＠), mailto:, a name before <…>, quotes and final marks taken off.

    The local part keeps dots and plus; doubled or final dots, as addresses of docomo and au have, are accepted, so are
    letters of any script. Domains of other scripts become punycode; a comma typed in a domain is a dot. Of several
    addresses the first counts. Existence is not asked for.
    """
    if not text:
        return EMPTY
    if len(text) <= LONGEST and _PLAIN.fullmatch(text):
        return Standard(text, "ok")
    plain = clean(text) if len(text) <= 4 * _LONGEST else "?"
    if not plain:
        return EMPTY
    return standard(text, _address(_lower(plain)))


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else nfkc(text.lower().replace("。", "."))


def _address(text: str) -> str | None:
    if bracketed := _BRACKETED.fullmatch(text):
        text = bracketed[1]
    text = _NOISE.sub("", _QUOTED.sub(r"\1@", _AT.sub("@", text)))
    if text.count("@") > 1:
        text = next((part for part in _SEVERAL.split(text) if part.count("@") == 1), "")
    local, at, domain = _NOISE.sub("", text).partition("@")
    domain = _domain(domain) if at and _LOCAL.fullmatch(local) and _lower(local) == local else None
    return f"{local}@{domain}" if domain and len(local) + len(domain) < LONGEST else None


def _domain(text: str) -> str | None:
    """The host name in ASCII, at least two labels, the last not a number; None for anything else."""
    labels = text.replace(",", ".").split(".")
    if not text.isascii():
        labels = [label if label.isascii() else _punycode(label) for label in labels]
    whole = len(labels) > 1 and all(map(_LABEL.fullmatch, labels))
    return ".".join(labels) if whole and len(labels[-1]) > 1 and not labels[-1].isdigit() else None


def _punycode(label: str) -> str:
    """An international label as DNS carries it, xn--…; "" where it is none."""
    if not re.fullmatch(r"[\w-]+", label):
        return ""
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
