"""Pieces of HTML that pages are put together from: headings, sentences, pictures, what is missing; everything is escaped."""

import html
from collections.abc import Iterable
from typing import Protocol

from customerbase import i18n


class Drawn(Protocol):
    """A figure as report.figures.Picture has it: finding, measure, caption, and the SVG for wide and for narrow screens."""

    title: str
    measure: str
    caption: str
    wide: str
    phone: str


def heading(key: str, language: str, level: str = "h2") -> str:
    """A heading out of words.yaml."""
    return f"<{level}>{html.escape(i18n.word(key, language))}</{level}>"


def empty(key: str, language: str, **values: object) -> str:
    """What is missing, in words."""
    return f'<p class="empty">{html.escape(i18n.sentence(key, language, **values))}</p>'


def note(text: str) -> str:
    """A remark under sentences; nothing without a text."""
    return f'<p class="measure">{html.escape(text)}</p>' if text else ""


def sentences(lines: Iterable[tuple[str, str]]) -> str:
    """Labelled sentences as the report sets them."""
    told = "".join(f"<div><dt>{html.escape(key)}</dt><dd>{html.escape(text)}</dd></div>" for key, text in lines)
    return f'<section><dl class="sentences">{told}</dl></section>'


def figure(picture: Drawn, name: str) -> str:
    """A picture with finding, measure and caption, as the report sets it."""
    both = bool(picture.phone) and picture.phone != picture.wide
    title, measure, caption = (html.escape(text) for text in (picture.title, picture.measure, picture.caption))
    phone = f'<div class="phone">{picture.phone}</div>' if both else ""
    label = html.escape(picture.title, quote=True)
    return (
        f'<figure class="{name}"><h3>{title}</h3><p class="measure">{measure}</p>'
        f'<div class="drawing{" both" if both else ""}" role="img" aria-label="{label}">'
        f'<div class="wide">{picture.wide}</div>{phone}</div><figcaption>{caption}</figcaption></figure>'
    )
