"""The report as blocks: what its sections hold, read back from their own HTML, for every form that is not a web page.

The templates in templates/sections say once how a month's contents are arranged. Their markup is ours and everything in
it that comes from data is escaped, so that reading it back gives every text as it was written, whatever it looks like.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markupsafe import Markup

from customerbase.report.page import SECTIONS, section

JOINER = "\N{WORD JOINER}"
VOID = ("br", "img")
ASIDE = "small"
LEFT = {"text", "left"}  # classes of cells that hold words


@dataclass(frozen=True)
class Heading:
    """A heading below that of the section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; style: the class that its template gives it (caption, note, empty, balance …), or text."""

    text: str
    style: str = "text"


@dataclass(frozen=True)
class Lines:
    """Labels with their texts; style: sentences or terms."""

    lines: tuple[tuple[str, str], ...]
    style: str


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """A cell: its text, what stands small beside it (an interval, a hypothesis), and how it looks; head: it names its row."""

    text: str
    aside: str = ""
    number: bool = False
    strong: bool = False
    head: bool = False
    color: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table; kind: row, group (one cell that heads the rows below it) or total."""

    cells: tuple[Cell, ...]
    kind: str = "row"


@dataclass(frozen=True)
class Table:
    """A table; without a caption of its own that of its section stands for it (`caption_of`)."""

    title: str
    heads: tuple[Cell, ...]
    rows: tuple[Line, ...]
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure with its finding, measure and caption, drawn for a wide and for a narrow place."""

    title: str
    measure: str
    caption: str
    wide: str
    narrow: str


@dataclass(frozen=True)
class Beside:
    """Blocks that stand side by side where there is room."""

    columns: tuple[tuple["Block", ...], ...]


Block = Heading | Paragraph | Lines | Items | Table | Figure | Beside


@dataclass(frozen=True)
class Section:
    """A section of the report: its name, heading and blocks."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def sections(told: dict[str, object], names: tuple[str, ...] = SECTIONS) -> list[Section]:
    """The sections of what report.contents told, in their order; those that the report leaves out are left out."""
    return [_section(told, name) for name in names if section(told, name)]


def flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """All blocks one after the other, those that stand side by side too."""
    for block in blocks:
        if isinstance(block, Beside):
            for column in block.columns:
                yield from flat(column)
        else:
            yield block


def caption_of(section: Section, table: Table) -> str:
    """The caption that tells of a table: its own, else the next one behind it in its section, else the last before it."""
    blocks = list(flat(section.blocks))
    place = next(i for i, block in enumerate(blocks) if block is table)
    told = [*blocks[place:], *reversed(blocks[:place])]
    found = (
        one.text if isinstance(one, Paragraph) and one.style == "caption" else getattr(one, "caption", "")
        for one in told
    )
    return next((one for one in found if one), "")


# --- from HTML to a tree -------------------------------------------------------------------------------------------------


@dataclass
class _Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def all(self, tag: str) -> list["_Node"]:
        """The nodes of a tag below this one, in their order."""
        found = []
        for child in self.children:
            if isinstance(child, _Node):
                found += [child] if child.tag == tag else child.all(tag)
        return found

    def text(self, *but: str) -> str:
        """The text below this node as a browser would show it, without what stands in the tags `but`."""
        return re.sub(r"[ \t\n\r\f]+", " ", self._raw(but)).strip(" ").replace(JOINER, "")

    def _raw(self, but: tuple[str, ...]) -> str:
        if self.tag in but:
            return ""
        if self.tag == "br":
            return " "
        return "".join(child if isinstance(child, str) else child._raw(but) for child in self.children)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = _Node("root")
        self._open = [self.root]

    def handle_starttag(self, tag, attrs):
        node = _Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag):
        if tag != self._open[-1].tag:
            raise ValueError(f"a section's template closes <{tag}> where <{self._open[-1].tag}> is open")
        self._open.pop()

    def handle_data(self, data):
        self._open[-1].children.append(data)


# --- from the tree to blocks ---------------------------------------------------------------------------------------------


def _section(told: dict[str, object], name: str) -> Section:
    drawings: list[str] = []

    def keep(svg: str) -> Markup:
        drawings.append(svg)
        return Markup('<img src="{}">').format(len(drawings) - 1)

    reader = _Reader()
    reader.feed(section(told | {"svg": keep}, name))
    reader.close()
    [root] = reader.root.all("section")
    title = next((node.text() for node in root.children if isinstance(node, _Node) and node.tag == "h2"), "")
    blocks = _captioned(list(_blocks(root, drawings, told["segment_colors"])), title)
    return Section(name, title, tuple(blocks))


def _blocks(parent: _Node, drawings: list[str], colors: dict[str, str]) -> Iterator[Block]:
    for node in parent.children:
        if isinstance(node, str):
            continue
        if node.tag in ("h3", "h4"):
            yield Heading(node.text())
        elif node.tag == "p":
            yield Paragraph(node.text(), next(iter(sorted(node.classes)), "text"))
        elif node.tag == "dl":
            pairs = zip(node.all("dt"), node.all("dd"), strict=True)
            style = "terms" if "terms" in node.classes else "sentences"
            yield Lines(tuple((label.text(), text.text()) for label, text in pairs), style)
        elif node.tag == "ul":
            if items := tuple(item.text() for item in node.all("li")):
                yield Items(items)
        elif node.tag == "table":
            yield _table(node, colors)
        elif node.tag == "figure":
            yield _figure(node, drawings)
        elif node.tag == "div":
            yield from _division(node, drawings, colors)


def _division(node: _Node, drawings: list[str], colors: dict[str, str]) -> Iterator[Block]:
    """What stands side by side on a desk's screen; any other division is only its blocks."""
    if not node.classes & {"pair", "multiples"}:
        yield from _blocks(node, drawings, colors)
        return
    parts = (_Node("div", {}, [child]) for child in node.children if isinstance(child, _Node))
    columns = [tuple(_blocks(part, drawings, colors)) for part in parts]
    yield Beside(tuple(column for column in columns if column))


def _figure(node: _Node, drawings: list[str]) -> Figure:
    drawn = [drawings[int(image.attributes["src"])] for image in node.all("img")]
    words = {child.tag: child.text() for child in node.children if isinstance(child, _Node)}
    title = words.get("h3") or words.get("h4", "")
    return Figure(title, words["p"], words["figcaption"], drawn[0], drawn[-1])


def _table(node: _Node, colors: dict[str, str]) -> Table:
    heads, *rows = node.all("tr")
    [title] = [caption.text() for caption in node.all("caption")] or [""]
    total = {id(row) for foot in node.all("tfoot") for row in foot.all("tr")}
    lines = [
        Line(
            tuple(_cell(cell, colors) for cell in row.children if isinstance(cell, _Node)),
            "total" if id(row) in total else "group" if "group" in row.classes else "row",
        )
        for row in rows
    ]
    first, *others = heads.all("th")
    numbers = [_cell(first, colors), *(_cell(one, colors, number=not one.classes & LEFT) for one in others)]
    return Table(title, tuple(numbers), tuple(lines))


def _cell(node: _Node, colors: dict[str, str], number: bool | None = None) -> Cell:
    aside = " ".join(one.text() for one in node.all(ASIDE)) or node.attributes.get("title", "")
    marks = [name.removeprefix("s-") for span in node.all("span") for name in span.classes if name.startswith("s-")]
    spans = {name for span in node.all("span") for name in span.classes}
    return Cell(
        node.text(ASIDE),
        aside.removeprefix("(").removesuffix(")"),
        node.tag == "td" and not node.classes & LEFT if number is None else number,
        bool((node.classes | spans) & {"main", "certain"}),
        node.tag == "th",
        colors.get(marks[0], "") if marks else "",
    )


def _captioned(blocks: list[Block], title: str) -> list[Block]:
    """Tables with the heading before them as title, else the section's, and with the caption behind them."""
    found: list[Block] = []
    for block in blocks:
        if isinstance(block, Beside):
            block = Beside(tuple(tuple(_captioned(list(column), title)) for column in block.columns))
        if isinstance(block, Table):
            before = found.pop().text if found and isinstance(found[-1], Heading) else ""
            block = Table(block.title or before or title, block.heads, block.rows, block.caption)
        if isinstance(block, Paragraph) and block.style == "caption" and found and isinstance(found[-1], Table):
            table = found.pop()
            block = Table(table.title, table.heads, table.rows, block.text)
        found.append(block)
    return found
