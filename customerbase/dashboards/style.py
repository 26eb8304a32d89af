"""How the parts look: the report's own style sheet and font, kept with the month whose parts they fit."""

from collections.abc import Sequence

from customerbase import i18n
from customerbase.dashboards.part import HTML, Part
from customerbase.report import font_faces, styles, visible_text

PAGE = "style"  # not a page of its own: every page takes it
CONTROLS = ("dashboard.", "board_", "unit.", "serving.")  # words that a page may add to its parts
DRAWN = "日本語English▲▼0123456789 /"  # what stands beside the parts in every language: the choice of language, how a table is sorted
# JupyterLab's styles for what is written in notebooks, undone: as specific as the report's own, which follow
RESET = """
:is(h1,h2,h3,h4,p,dl,dd,dt,ul,li,figure,table){margin:0;padding:0;line-height:inherit}
:is(dt,dd){float:none;clear:none;width:auto;font-weight:400}
table{margin:0;table-layout:auto;border:0}
:is(td,th){max-width:none;vertical-align:baseline;border:0;background:none}
tbody tr:is(:nth-child(odd),:nth-child(even),:hover){background:none}
"""


def part(parts: Sequence[Part], told: dict[str, object], language: str) -> Part:
    """The style sheet for everything inside an element of the class `report`, and a font with the characters of `parts`."""
    words = (words[language] for key, words in i18n.words().items() if key.startswith(CONTROLS))
    months = "年月日" + "".join(i18n.MONTHS)
    text = "".join([*words, months, DRAWN, *(visible_text(one.content) for one in parts)])
    sheet = f"<style>{font_faces(text)}</style><style>.report{{{RESET}{styles(told)}}}</style>"
    return Part(PAGE, language, PAGE, HTML, sheet)
