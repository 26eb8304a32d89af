"""From diagnoses to a mapping: the source file that mapping.load_source reads, with a comment behind each guess."""

from collections.abc import Sequence

from customerbase.sources.guess_headers import dictionary, fold
from customerbase.sources.guess_yaml import Comments

_COMPLETED = {
    "(?i)cancel|取消|取り消|キャンセル": "cancelled",
    "(?i)return|refund|返品|返金": "returned",
    "(?i)pending|processing|処理中|未入金|仮": "pending",
    "": "completed",
}
_CODED = {
    "channel": {
        "(?i)store|shop|pos|店": "store",
        "(?i)app|アプリ": "app",
        "(?i)web|online|internet|(?i)ec|ネット|通販|サイト": "web",
        "(?i)phone|tel|call|電話|FAX": "phone",
        "": "other",
    },
    "gender": {"(?i)^(女|f|w|2$)": "female", "(?i)^(男|m|1$)": "male", "(?i)^(その他|other)": "other", "": "unknown"},
    "customers_src.status": {
        "(?i)退会|withdraw|inactive|closed|^3$": "withdrawn",
        "(?i)仮|provisional|pending|^1$": "provisional",
        "": "active",
    },
    "products.status": {
        "(?i)廃|discontinued|archived": "discontinued",
        "(?i)非公開|hidden|draft|^2$": "hidden",
        "": "active",
    },
}
_NO_GOODS = {
    r"(?i)^(post(age)?|dot|carriage|shipping|delivery|送料|配送料)$": "shipping",
    r"(?i)^(bank charges|\w*fee|手数料|代引手数料)$": "fee",
    r"(?i)^(d|discount|coupon|値引き?|割引|クーポン)$": "discount",
    r"(?i)^(m|manual|adjust\w*|test\w*|b|s|調整)$": "adjustment",
    "": "goods",
}
_PERIODS = {
    "^2年|^24": "24",
    "(?i)semi|half|半年|^6": "6",
    "(?i)quarter|四半期|^3": "3",
    "(?i)year|annual|年|^12": "12",
    "(?i)month|月|^1$": "1",
}
_COPIES = {"sheet", "sheetname", "file", "filename", "sourcefile", "シート", "シート名", "ファイル名"}
_LINE_TYPES = {"1": "goods", "2": "shipping", "3": "fee", "4": "discount", "5": "tax", "6": "point"}
# A document below zero nets against revenue, whatever its number looks like.
_NEGATIVE = "case when status = 'completed' and total < 0 then 'credit_note' else status end"
_TOLERATED = ("birth_date", "registered_at", "updated_at", "cancelled_at", "list_date")


def source_spec(
    diagnoses: Sequence, system: str, patterns: Sequence[str], title: str | None = None
) -> tuple[dict, Comments]:
    """The content of pipelines/sources/<system>.yaml for these Diagnosis objects, and its comments.

    patterns: the glob of each file below the data folder. Files of a kind without purchases, people or products are
    left out. When one file holds whole orders, order lines of another file do not make orders of their own.
    """
    whole_orders = any(diagnosis.kind == "orders" for diagnosis in diagnoses)
    comments: Comments = {}
    files = []
    for diagnosis, pattern in zip(diagnoses, patterns, strict=True):
        tables = _tables(diagnosis, whole_orders)
        if diagnosis.decimal == ",":
            for content in tables.values():
                _read_commas(content, diagnosis)
        at = ("files", len(files))
        files.append(_file(diagnosis, pattern, tables))
        comments |= {(*at, *path): text for path, text in _comments(diagnosis, files[-1]).items()}
    return {"system": system, "title": {"en": title or system, "ja": title or system}, "files": files}, comments


def _file(diagnosis, pattern: str, tables: dict) -> dict:
    used = {heading for table in tables.values() for heading in table.get("columns", {}).values()}
    columns = [column.name for column in diagnosis.columns]
    copies = next((name for name in columns if name not in used and fold(name) in _COPIES), None)
    ignored = [name for name in columns if name not in used and name != copies]
    entry: dict = {"pattern": pattern, "format": diagnosis.format}
    entry |= {"encoding": diagnosis.encoding} if diagnosis.encoding in ("utf-8", "utf-8-sig", "cp932", "euc-jp") else {}
    entry |= {"delimiter": diagnosis.delimiter} if diagnosis.format == "csv" and diagnosis.delimiter else {}
    entry |= {} if diagnosis.header or diagnosis.format == "parquet" else {"header": columns}
    entry |= {"overlap_by": copies} if copies else {}
    entry |= {"dates": list(diagnosis.dates)} if diagnosis.dates else {}
    entry |= {"ignore": ignored} if ignored else {}
    return entry | {"tables": tables}


def _tables(diagnosis, whole_orders: bool) -> dict:
    match diagnosis.kind:
        case "order_lines":
            return _lines(diagnosis, whole_orders)
        case "orders":
            return {
                "orders": _order_columns(diagnosis, {"status": "completed"}) | {"expressions": {"status": _NEGATIVE}}
            }
        case "log":
            return _log(diagnosis)
        case "customers":
            return {"customers_src": _plain(diagnosis, "customers_src")}
        case "products":
            table = _plain(diagnosis, "products")
            table["columns"].setdefault("product_id", table["columns"].get("sku"))
            return {"products": table}
        case "subscriptions":
            return {"subscriptions": _contracts(diagnosis)}
        case _:
            guesses = _plain(diagnosis, "customers_src")
            return {"customers_src": guesses or {"columns": {"source_customer_id": diagnosis.columns[0].name}}}


def _contracts(diagnosis) -> dict:
    """Contracts: renewed monthly unless a column says otherwise, named customer and first day where they have no number."""
    table = _plain(diagnosis, "subscriptions")
    columns, constants = table["columns"], {}
    period = diagnosis.column("subscriptions.period_months")
    if period is None:
        constants["period_months"] = 1
    elif period.profile.kind != "count":
        table["patterns"] = table.get("patterns", {}) | {"period_months": dict(_PERIODS)}
    if diagnosis.currency and "currency" not in columns:
        constants["currency"] = diagnosis.currency
    table |= {"constants": constants} if constants else {}
    if "subscription_id" not in columns:
        whose = columns.get("source_customer_id")
        table["columns"] = ({"_customer": whose} if whose else {}) | {"_start": columns["started_at"]} | columns
        name = "_customer || ' ' || _start" if whose else "_start || ' ' || row_in(_start)"
        table["expressions"] = {"subscription_id": name}
    return table


def _lines(diagnosis, whole_orders: bool) -> dict:
    """Order lines first (their rows are counted), orders collapsed from them."""
    order = diagnosis.column("orders.order_id").name
    lines = _line_columns(diagnosis)
    lines["columns"] = {"order_id": order, **lines["columns"]}
    if "line_no" not in lines["columns"]:
        lines["expressions"]["line_no"] = "row_in(order_id)"
    total = diagnosis.column("orders.total")
    if total and "amount" not in (*lines["columns"], *lines["expressions"]):
        # only the order's total is known, and it stands on each of its lines: the first line carries it
        lines["columns"]["amount"] = total.name
        lines["expressions"]["amount"] = "case when row_in(order_id) = 1 then amount else 0 end"
    if whole_orders:
        return {"order_lines": lines}
    orders = _order_columns(diagnosis, {"status": "completed"})
    orders = {"one_row_per": ["order_id"], **orders}
    if "total" not in orders["columns"]:
        orders["sum"] = {"total": "amount"}
    return {"order_lines": lines, "orders": orders | {"expressions": {"status": _NEGATIVE}}}


def _log(diagnosis) -> dict:
    """A log without order numbers: what one customer bought at one moment is one order, named customer and moment."""
    customer, date = (diagnosis.column(f"orders.{name}").name for name in ("source_customer_id", "order_at"))
    lines = _line_columns(diagnosis)
    total = diagnosis.column("orders.total")
    if total and "amount" not in lines["columns"]:
        lines["columns"]["amount"] = total.name
        lines["expressions"].pop("amount", None)
    lines["columns"] = {"_customer": customer, "_moment": date, **lines["columns"]}
    moment = "coalesce(_customer, 'anonymous ' || row_in(_customer, _moment)) || ' ' || _moment"
    lines["expressions"] = {"order_id": moment, "line_no": "row_in(order_id)"} | lines["expressions"]
    orders = _order_columns(diagnosis, {"status": "completed"})
    orders["columns"].pop("total", None)
    orders = {"one_row_per": ["order_id"], "first": {"order_id": "order_id"}, **orders, "sum": {"total": "amount"}}
    return {"order_lines": lines, "orders": orders | {"expressions": {"status": _NEGATIVE}}}


def _line_columns(diagnosis) -> dict:
    """The goods side of a row: columns, and an amount computed where none is given."""
    columns = _mapped(diagnosis, "order_lines")
    rate = diagnosis.column("order_lines.tax_rate")
    if rate and (rate.profile.largest or 0) > 1:  # ten per cent written as 10: not a share
        columns.pop("tax_rate")
    if "line_no" in columns and diagnosis.column("order_lines.line_no").profile.fits.get("count", 0) < 1:
        columns.pop("line_no")
    code = columns.get("product_id") or columns.get("sku")
    table: dict = {
        "columns": columns | ({"product_id": code} if code else {}),
        "constants": {"line_type": "goods"},
        "expressions": {},
    }
    kinds = diagnosis.column("order_lines.line_type")
    if kinds and set(diagnosis.frame[kinds.name].dropna()) <= _LINE_TYPES.keys():
        table["values"] = {"line_type": _LINE_TYPES}
        table.pop("constants")
    else:
        table["columns"].pop("line_type", None)
        if (
            code
            and diagnosis.frame[code]
            .dropna()
            .str.fullmatch("|".join(rule[5:-1] for rule in _NO_GOODS if rule), case=False)
            .any()
        ):
            table["columns"]["line_type"], table["patterns"] = code, {"line_type": dict(_NO_GOODS)}
            table.pop("constants")
    if "amount" not in columns and "unit_price" in columns:
        table["expressions"]["amount"] = "round(qty * unit_price, 2)" if "qty" in columns else "round(unit_price, 2)"
    elif "amount" not in columns and diagnosis.column("orders.total") is None:
        table["constants"] = table.get("constants", {}) | {"amount": 0}
    return table


def _order_columns(diagnosis, constants: dict) -> dict:
    """The order side of a row, with status and channel read by patterns where a column tells them."""
    columns = _mapped(diagnosis, "orders")
    constants = dict(constants)
    patterns = {}
    status, order = diagnosis.column("orders.status"), diagnosis.column("orders.order_id")
    if status and status.profile.kind not in ("count", "amount", "flag"):
        patterns["status"] = dict(_COMPLETED)
    elif order and (credit := _credit_notes(diagnosis, order)):
        columns["status"], patterns["status"] = order.name, credit
    else:
        columns.pop("status", None)
    if "status" in columns:
        constants.pop("status", None)
    if "channel" in columns:
        patterns["channel"] = dict(_CODED["channel"])
    if diagnosis.currency and "currency" not in columns:
        constants["currency"] = diagnosis.currency
    table = (
        {"columns": columns}
        | ({"constants": constants} if constants else {})
        | ({"patterns": patterns} if patterns else {})
    )
    return table | _tolerance(columns)


def _credit_notes(diagnosis, order) -> dict | None:
    """Order numbers that begin with C while the others are plain numbers, on rows below zero: credit notes."""
    ids = diagnosis.frame[order.name].dropna()
    letters = ids[ids.str.match(r"[Cc]\d")]
    below = [column for column in diagnosis.columns if column.guess and (column.profile.smallest or 0) < 0]
    if letters.empty or not below or not ids[~ids.index.isin(letters.index)].str.match(r"\d").mean() > 0.9:
        return None
    return {"^[Cc]": "credit_note", "^[A-Za-z]": "adjustment", "": "completed"}


def _read_commas(content: dict, diagnosis) -> None:
    """Numbers written 1.234,50 come in as text (_amount) and are turned by an expression; other spellings give no number."""
    whole = r"[^0-9.,]*([0-9]{1,3}([. ][0-9]{3})+|[0-9]+)(,[0-9]+)?[^0-9.,]*"
    kinds = {one.name: dictionary()[one.guess.target]["kind"] for one in diagnosis.columns if one.guess}
    numbers = [field for field, heading in content["columns"].items() if kinds.get(heading) in ("amount", "count")]
    turned = {
        field: f"case when regexp_full_match(_{field}, '{whole}')"
        f" then cast(replace(regexp_replace(_{field}, '[^0-9,-]', '', 'g'), ',', '.') as decimal(18, 4)) end"
        for field in numbers
    }
    content["columns"] = {
        f"_{field}" if field in turned else field: heading for field, heading in content["columns"].items()
    }
    if turned:
        content["expressions"] = turned | content.get("expressions", {})


def _plain(diagnosis, table: str) -> dict:
    columns = _mapped(diagnosis, table)
    patterns = {
        name: _CODED[key]
        for name in columns
        for key in (name, f"{table}.{name}")
        if key in _CODED and name != "channel"
    }
    return (
        ({"columns": columns} | ({"patterns": patterns} if patterns else {}) | _tolerance(columns)) if columns else {}
    )


def _mapped(diagnosis, table: str) -> dict[str, str]:
    pairs = [(column.guess.target.split("."), column.name) for column in diagnosis.columns if column.guess]
    return {field: name for (owner, field), name in pairs if owner == table}


def _tolerance(columns: dict) -> dict:
    loose = [name for name in columns if name in _TOLERATED]
    return {"tolerate": loose} if loose else {}


def _comments(diagnosis, entry: dict) -> Comments:
    told = {column.name: column for column in diagnosis.columns}
    found: Comments = {("pattern",): f"read as: {diagnosis.kind}"}
    for table, content in entry["tables"].items():
        for field, heading in content.get("columns", {}).items():
            guess = told[heading].guess
            if guess:
                mark = " PLEASE CHECK" if told[heading].ambiguous else ""
                found["tables", table, "columns", field] = (
                    f"{round(guess.score * 100)} % {guess.how}: {guess.word}{mark}".rstrip(": ")
                )
    for place, heading in enumerate(entry.get("ignore", [])):
        personal = any(c.score > 0.6 and c.target.startswith("customers_src.") for c in told[heading].candidates)
        found["ignore", place] = "about a person: not needed in orders" if personal else "no place for it"
    found |= {("overlap_by",): "a record that stands in two of them counts once"} if "overlap_by" in entry else {}
    return found
