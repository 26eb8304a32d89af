"""Great Expectations' Data Docs made to stand alone: no network, no clock, no random ids, a few hundred kilobytes.

The library's pages ask eight other hosts for styles and scripts (one request tells its maker the time and an id of
this installation), carry 4 MB of unused pictures and fonts, and fill their index by script. Here the markup stays and
everything loaded from elsewhere goes; one small style sheet and one small script take its place.
"""

import html
import re
from collections.abc import Sequence
from pathlib import Path

from customerbase.tables.checks import Check

STYLE = """
*{box-sizing:border-box}html{scroll-padding-top:1rem}
body{margin:0;font:15px/1.5 system-ui,"BIZ UDPGothic","Hiragino Sans","Noto Sans CJK JP",sans-serif;color:#222}
a{color:#0b57a4;text-decoration:none}a:hover{text-decoration:underline}
h4,h5,h6{margin:0 0 .25rem;font-size:1.05rem}p{margin:.25rem 0}
.container-fluid{padding:1rem}.ge-section.container-fluid{padding:0}
.row{display:flex;flex-wrap:wrap;gap:1rem}.col-12,.ge-section .table-responsive{width:100%}
.row>.col-lg-2{flex:0 0 15rem}.row>.col-lg-10{flex:1 1 30rem;min-width:0}
.sticky{position:sticky;top:1rem}.card{border:1px solid #ccc;border-radius:4px;margin:.5rem 0;padding:.5rem}
.nav,.breadcrumb{list-style:none;padding:0;margin:0;overflow:auto}.nav-link{display:block;padding:.1rem .25rem}
.breadcrumb{display:flex;gap:.5rem;padding:1rem 1rem 0}.breadcrumb li+li::before{content:"/ "}
.alert{background:#f1f3f5;border-radius:4px;padding:.5rem .75rem}.lead{color:#555}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.3rem .5rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere}.table-responsive{overflow-x:auto}th{white-space:nowrap}
.badge{background:#e9ecef;border-radius:3px;padding:0 .3rem;font-size:.9em;white-space:pre-wrap}
.btn{display:inline-block;border:1px solid #888;border-radius:4px;padding:.1rem .5rem;margin:.1rem;cursor:pointer}
.btn input{display:none}.failed-only .met{display:none}.fas{font-style:normal;font-weight:bold}
.fa-check-circle::before{content:"\\2713";color:#1a7f37}.fa-times::before{content:"\\2717";color:#b3261e}
.fa-exclamation-triangle::before{content:"!";color:#b3261e}.fa-question-circle::before{content:"?"}
.cooltip .top,.modal,footer,a[data-toggle=collapse]{display:none}
.met-yes{color:#1a7f37}.met-no{color:#b3261e}td.number,th.number{text-align:right}
"""
SCRIPT = """
document.querySelectorAll(".hide-succeeded-validation-target-child").forEach(e=>e.parentElement.classList.add("met"));
function showAllValidations(){document.body.classList.remove("failed-only")}
function hideSucceededValidations(){document.body.classList.add("failed-only")}
"""
_SCRIPTS = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
_STYLES = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)
_LINKS = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_IMAGES = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_FOOTERS = re.compile(r"<footer\b.*?</footer>", re.DOTALL | re.IGNORECASE)
_OUTSIDE = re.compile(r'href="https?://[^"]*"')
_ANY_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TABS = re.compile(r'<div id="section-1" class="ge-section.*?(?=<footer|</body>)', re.DOTALL)


def settle(site: Path, results: Path, out: Path, checks_by_table: dict[str, list[Check]], title: str) -> Path:
    """Copy the library's pages from `site` and its stored results into `out`, standing alone; returns index.html.

    out/index.html, out/tables/<table>.html, out/suites/<table>.html, out/results/<table>.json.
    """
    for name in ("tables", "suites", "results"):
        (out / name).mkdir(parents=True, exist_ok=True)
    for table in sorted(checks_by_table):
        suite = (site / "expectations" / f"{table}.html").read_text(encoding="utf-8")
        page = next((site / "validations" / table).rglob("*.html")).read_text(encoding="utf-8")
        result = next((results / table).rglob("*.json")).read_text(encoding="utf-8")
        page = page.replace("Data asset: None", f"Data asset: {table}")
        page = re.sub(r'href="[^"]*/expectations/[^"]*\.html"', f'href="../suites/{table}.html"', page)
        _write(out / "tables" / f"{table}.html", alone(page))
        _write(out / "suites" / f"{table}.html", alone(suite))
        _write(out / "results" / f"{table}.json", _numbered(result))
    index = (site / "index.html").read_text(encoding="utf-8")
    body = f"{_index(checks_by_table, title)}</div></div></div>"
    return _write(out / "index.html", alone(_TABS.sub(lambda _: body, index)))


def alone(page: str) -> str:
    """A page without anything from another host, without random ids, with its own style and script."""
    for pattern in (_SCRIPTS, _STYLES, _LINKS, _IMAGES, _FOOTERS):
        page = pattern.sub("", page)
    page = _OUTSIDE.sub("", page)
    page = re.sub(r'href="[./]*index\.html"', 'href="../index.html"', page)
    page = page.replace("</head>", f"<style>{STYLE}</style></head>")
    page = page.replace("</body>", f"<script>{SCRIPT}</script></body>")
    return re.sub(r"\n\s*\n+", "\n", _numbered(page))


def _numbered(text: str) -> str:
    """Random ids replaced by their order of appearance."""
    seen: dict[str, str] = {}
    return _ANY_ID.sub(lambda match: seen.setdefault(match[0], f"id-{len(seen) + 1}"), text)


def _index(checks_by_table: dict[str, list[Check]], title: str) -> str:
    words = ("Expectations", "Not met", "block", "warn", "drift")
    head = "<th></th><th>Table</th>" + "".join(f'<th class="number">{word}</th>' for word in words)
    rows = "".join(_row(table, checks) for table, checks in sorted(checks_by_table.items()))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="ge-section col-12"><h4>{html.escape(title)}</h4>{table}</div>'


def _row(table: str, checks: Sequence[Check]) -> str:
    broken = [check.severity for check in checks if not check.success]
    numbers = (len(checks), len(broken), *(broken.count(severity) for severity in ("block", "warn", "drift")))
    mark = '<span class="met-no">✗</span>' if broken else '<span class="met-yes">✓</span>'
    name = html.escape(table)
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    return f'<tr><td>{mark}</td><td><a href="tables/{name}.html">{name}</a></td>{cells}</tr>'


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
