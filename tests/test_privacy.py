"""What people receive names nobody: no contact data, no id of a person, no cell of fewer than k_min customers."""

import csv
import html
import json
import re
import shutil
import unicodedata
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sample_run
from pypdf import PdfReader
from sample_run import AS_OF, SampleMonth

from customerbase import charts, kpi, report, segments
from customerbase.tables import schemas

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture

MAY_HOLD_CONTACTS = {"customers_src", "quarantine_raw", "inquiries", "reviews", "survey_answers"}
MAY_HOLD_CONTACTS |= {"customers_std", "contacts", "contact_phones", "contact_emails", "contact_addresses"}
MAY_HOLD_CONTACTS.add("identifiers")  # by a LINE user id somebody is written to; what is said of people needs none
K_MIN = 10
WRITTEN_BY_CUSTOMERS = {"inquiries": "text", "reviews": "text", "survey_answers": "answer_text"}
LEAST = 6  # characters of an address or a text that make it somebody's


def plain(text: str) -> str:
    """Text as a reader sees it: entities resolved (twice: pages stand inside frames), wide forms narrowed."""
    text = re.sub(r"base64,[A-Za-z0-9+/=\\n]+", "", text)
    return unicodedata.normalize("NFKC", html.unescape(html.unescape(text)))


def found(needles: dict[str, str], text: str) -> list[str]:
    """Which needles stand in the text, as `what: value`."""
    text = plain(text)
    grams = {text[i : i + 3] for i in range(len(text) - 2)}
    likely = (one for one in needles if all(one[i : i + 3] in grams for i in range(len(one) - 2)))
    return [f"{needles[one]}: {one}" for one in likely if one in text]


def strings(path: Path) -> str:
    """All text of a published file; JSON without its escapes, a PDF with its lines as they stand and joined."""
    if path.suffix == ".pdf":
        pages = [page.extract_text() for page in PdfReader(path).pages]
        return "\n".join([*pages, *(page.replace("\n", "") for page in pages)])
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as parts:
            return html.unescape("\n".join(parts.read(name).decode() for name in parts.namelist()))
    text = path.read_text(encoding="utf-8")
    if path.suffix not in (".json", ".ipynb"):
        return text
    pieces: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            pieces.extend(map(str, value))
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                walk(each)
        else:
            pieces.append(str(value))

    walk(json.loads(text))
    return "\n".join(pieces)


def contact_values(people: pd.DataFrame) -> dict[str, str]:
    """Every value by which somebody could be known or reached -> what it is; at least three characters each."""
    values: dict[str, str] = {}

    def add(what: str, value: object, least: int = 3) -> None:
        text = plain(str(value)).strip() if pd.notna(value) else ""
        if len(text) >= least:
            values.setdefault(text, what)

    for one in people.itertuples():
        for what, last, first in (("name", one.last_name, one.first_name), ("kana", one.last_kana, one.first_kana)):
            if pd.notna(last) and pd.notna(first):
                for form in (f"{last}{first}", f"{last} {first}", f"{first} {last}"):
                    add(what, form)
        add("e-mail", one.email)
        digits = re.sub(r"\D", "", str(one.phone))
        if digits.strip("0"):  # 000-0000-0000 is nobody's, and an example in the text of a page
            add("telephone", one.phone, 9)
            add("telephone", digits, 9)
        for column in ("address1", "address2"):
            add("address", getattr(one, column), LEAST)
        if pd.notna(one.birth_date) and one.birth_date.year > 1900:
            for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"):
                add("birth date", f"{one.birth_date:{form}}")
        add("customer id", f"{one.source_system}:{one.source_customer_id}")
        add("customer id", one.source_customer_id, 8)
    return values


def cells(raw: str) -> list[str]:
    """The cells of a quarantined row: a JSON object, or the line as it stood."""
    try:
        return [str(value) for value in json.loads(raw).values()]
    except (ValueError, AttributeError):
        return next(csv.reader([raw.replace("\n", " ")]), [])


def raw_values(month: SampleMonth) -> dict[str, str]:
    """Contact data in quarantined rows of the files about people: addresses, telephones, and texts in Japanese."""
    files = "file like '%members%' or file like '%customers%' or file like '%inquir%' or file like '%review%'"
    files += " or file like '%line_ids%'"
    known = " union ".join(f"select {name} from customers_src" for name in ("occupation", "pref", "city", "status"))
    words = {
        word
        for (word,) in month.rows(
            f"{known} union select category from inquiries union select agent_group from inquiries"
        )
    }
    values = {}
    for (raw,) in month.rows(f"select raw_text from quarantine_raw where {files}"):
        for cell in map(plain, cells(raw)):
            japanese = re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", cell) and len(cell) >= LEAST and cell not in words
            if japanese or "@" in cell or re.fullmatch(r"[0+][\d-]{9,}", cell):
                values[cell.strip()] = "quarantined cell"
    return values


@pytest.fixture(scope="module")
def secrets(sample_month: SampleMonth) -> dict[str, str]:
    values = contact_values(sample_month.db.execute("from customers_src").df())
    for table, column in WRITTEN_BY_CUSTOMERS.items():
        for (text,) in sample_month.rows(f"select distinct {column} from {table} where length({column}) >= {LEAST}"):
            values[plain(text).strip()] = f"{table}.{column}"
    values |= {value: "identifier" for (value,) in sample_month.rows("select distinct identifier from identifiers")}
    values |= raw_values(sample_month)
    kinds = set(values.values())
    assert {
        "name",
        "kana",
        "e-mail",
        "telephone",
        "address",
        "birth date",
        "quarantined cell",
        "reviews.text",
        "identifier",
    } <= kinds
    assert len(values) > 4000
    return values


def test_no_file_of_the_report_holds_contact_data(sample_month: SampleMonth, secrets):
    files = sorted(path for path in sample_month.report.rglob("*") if path.is_file())
    read = {".html", ".ipynb", ".json", ".pdf", ".xlsx"}
    kept = [path for path in files if path.suffix in read]
    names = {path.relative_to(sample_month.report).as_posix() for path in kept}
    exports = {f"report.{language}.{form}" for language in ("ja", "en") for form in ("html", "pdf", "xlsx")}
    assert exports | {"manifest.json", "notebooks/01_quality.ipynb"} <= names
    assert any(name.startswith("data_docs/") for name in names) and len(kept) > 50
    leaks = {path.name: some for path in kept if (some := found(secrets, strings(path)))}
    assert leaks == {}
    pictures_and_styles = {path.suffix for path in files} - read
    assert pictures_and_styles <= {".css", ".png", ".svg", ".woff2", ".ico", ".js", ".ttf"}


def test_the_log_of_the_run_holds_no_contact_data(sample_month: SampleMonth, secrets):
    assert "published in" in sample_month.log
    assert found(secrets, sample_month.log) == []


def test_the_scan_sees_what_it_looks_for(sample_month: SampleMonth, secrets, tmp_path):
    """A name in a frame, an address in a cell's output, a half-width kana name: each is found."""
    page = (sample_month.report / "report.ja.html").read_text(encoding="utf-8")
    by_kind = {what: value for value, what in secrets.items() if not re.search(r"[<>&\"]", value)}
    for kind, value in by_kind.items():
        assert f"{kind}: {value}" in found(secrets, page.replace("</body>", f"<p>{value}</p></body>"))
    framed = f'<iframe srcdoc="{html.escape(html.escape(by_kind["name"]))}"></iframe>'
    assert any(one.startswith("name: ") for one in found(secrets, framed))
    copy = tmp_path / "12_kpi.ipynb"
    shutil.copyfile(sample_month.report / "notebooks" / copy.name, copy)
    notebook = json.loads(copy.read_text(encoding="utf-8"))
    notebook["cells"][-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [by_kind["address"]]}]
    copy.write_text(json.dumps(notebook), encoding="utf-8")  # escaped as \uXXXX
    assert any(one.startswith("address: ") for one in found(secrets, strings(copy)))


def test_contact_columns_stand_in_few_tables_and_their_values_in_no_other(sample_month: SampleMonth, secrets):
    declared = schemas()
    assert {name for name in sample_month.tables if declared[name].contact_columns} <= MAY_HOLD_CONTACTS
    planted = "select after from truth_defects where kind in ('script_tag', 'formula')"  # also in names of goods
    hostile = {plain(text) for (text,) in sample_month.rows(planted)}
    people = {value: kind for value, kind in secrets.items() if kind != "customer id" and value not in hostile}
    scanned = 0
    for name, path in sample_month.tables.items():
        texts = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
        open_columns = [column for column in texts if column not in declared[name].contact_columns]
        for column in open_columns:
            values = sample_month.rows(f'select distinct "{column}" from {name} where "{column}" is not null')
            assert found(people, "\n".join(value for (value,) in values)) == [], f"{name}.{column}"
            scanned += len(values)
    assert scanned > 5000


# --- small cells -----------------------------------------------------------------------------------------------------


def build(month: SampleMonth, k_min: int = K_MIN) -> str:
    """The English report from the published tables, for another threshold."""
    names = ("kpi", "kpi_cohorts", "segment_summary", "segment_migration", "segment_attributes")
    tables = {name: month.db.execute(f"from {name}").df() for name in names}
    settings = {"currency": "JPY", "k_min": k_min}
    data = report.ReportData({"en": "A", "ja": "A"}, "sample", date.fromisoformat(AS_OF), tables, settings)
    return report.build(data, "en", charts)


def section(page: str, name: str) -> str:
    return re.search(rf'<section id="{name}".*?</section>', page, re.S)[0]


def segment_cells(page: str) -> list[str]:
    """The column of customers in the report's segment table."""
    body = re.search(r"<tbody>.*?</tbody>", section(page, "segments"), re.S)[0]
    return [html.unescape(cell) for cell in re.findall(r'<td class="main">(.*?)</td>', body)]


def drawn_words(page: str, name: str) -> list[str]:
    return [html.unescape(word) for word in re.findall(r"<text[^>]*>([^<]*)</text>", section(page, name))]


def small(words: list[str], k_min: int) -> list[str]:
    """Numbers of people between 1 and k_min - 1."""
    return [word for word in words if re.fullmatch(r"\d+", word) and 0 < int(word) < k_min]


def smallest(month: SampleMonth) -> list[int]:
    return [size for (size,) in month.rows("select customers from segment_summary where customers > 0 order by 1")]


def test_small_segments_and_moves_read_fewer_than(sample_month: SampleMonth):
    sizes = smallest(sample_month)
    k_min = sizes[2] + 1  # at least three segments are below
    page = build(sample_month, k_min)
    column = segment_cells(page)
    assert column.count(f"<{k_min}") >= 3 and small(column, k_min) == []
    assert small(drawn_words(page, "segments"), k_min) == []
    for language in ("ja", "en"):
        published = (sample_month.report / f"report.{language}.html").read_text(encoding="utf-8")
        moves = [word.rsplit(" ", 1)[-1] for word in drawn_words(published, "migration")]  # "Loyal 226", or "<10"
        assert len(moves) > 20 and small(moves, K_MIN) == []
        assert small(segment_cells(published), K_MIN) == []
        listed = re.findall(r'<td class="main">(\d+)</td>', section(published, "migration"))
        assert all(int(number) >= K_MIN for number in listed)


@pytest.mark.parametrize("withheld", [1, 2])
def test_no_total_gives_a_withheld_segment_back(sample_month: SampleMonth, withheld):
    """The sizes shown and any total printed on the page leave nobody, or at least k_min customers, unknown."""
    sizes = smallest(sample_month)
    k_min = sizes[withheld - 1] + 1
    page = build(sample_month, k_min)
    shown = sum(int(cell.replace(",", "")) for cell in segment_cells(page) if re.fullmatch(r"[\d,]+", cell))
    totals = [int(n.replace(",", "")) for n in re.findall(r"\bn\s=\s([\d,]+)", page)]
    totals += [int(n.replace(",", "")) for n in re.findall(r'<tfoot>.*?<td class="main">([\d,]+)</td>', page, re.S)]
    assert len(totals) > 3 and shown > sum(sizes) / 2
    assert [n for n in totals if 0 < n - shown < k_min] == [], f"segments shown add up to {shown}; printed: {totals}"


def test_published_attributes_withhold_small_cells_and_what_gives_them_back(sample_month: SampleMonth):
    frame = sample_month.db.execute("from segment_attributes").df()
    shown = frame[frame.customers.notna()]
    assert len(shown) > 20 and not shown.customers.between(1, K_MIN - 1).any()
    hidden = frame[frame.customers.isna()]
    assert len(hidden) > 20 and hidden[["share", "share_low", "share_high"]].isna().all().all()
    for key in ("value", "segment"):
        alone = hidden.groupby(["attribute", key]).size()
        assert (alone >= 2).all(), f"one withheld cell alone in a {key}"


def test_moves_and_cohorts_of_the_notebooks_withhold_small_cells(sample_month: SampleMonth):
    moves = sample_month.db.execute("from segment_migration").df()
    flow = segments.flow(moves, k_min=K_MIN).to_numpy()
    assert (moves.customers < K_MIN).sum() > 5 and not ((flow > 0) & (flow < K_MIN)).any()
    cohorts = sample_month.db.execute("from kpi_cohorts").df()
    triangle = kpi.triangle(cohorts, k_min=K_MIN)
    cohorts["shown"] = [
        pd.notna(triangle.loc[pd.Timestamp(one.cohort_month).date(), one.months_since]) for one in cohorts.itertuples()
    ]
    few = cohorts.retained.between(1, K_MIN - 1) | (cohorts.customers < K_MIN)
    assert few.sum() > 50 and not cohorts[few].shown.any() and cohorts.shown.any()
