"""One campaign closely, for the page Campaigns: its result, the sizes of its arms, outcomes, parts, funnel and faults."""

from collections.abc import Mapping
from types import ModuleType

import pandas as pd

import customerbase.campaigns as measured
import customerbase.campaigns.listing as listing
import customerbase.campaigns.looks as looks
import customerbase.dashboards.texts as texts
import customerbase.report.campaigns as letter
from customerbase import i18n
from customerbase.campaigns.estimates import UNEQUAL
from customerbase.campaigns.judge import RUNNING
from customerbase.dashboards.part import HTML, TABLE, Part
from customerbase.dashboards.pieces import heading, sentences
from customerbase.disclosure import suppress_parts
from customerbase.report import ReportData

PAGE, NOTEBOOK = "campaigns", "11_campaigns"
MOST = 24  # campaigns to choose among, the newest


def parts(data: ReportData, language: str, draw: ModuleType) -> tuple[list[Part], list[tuple[str, str]]]:
    """The parts of every campaign to choose, and (name, campaign_id) of them, those with an effect first. data: disclosed tables."""
    results = data.tables["campaign_results"]
    rows = pd.concat([looks.ended(results, data.as_of, looks.YEAR), results[results["state"] == RUNNING]]).head(MOST)
    if not len(rows):
        return [], []
    words = letter.words(data, language)
    made = [Part(PAGE, language, "detail", HTML, heading("board_campaigns.detail", language), notebook="")]
    for row in rows.to_dict("records"):
        code, name = str(row["campaign_id"]), words.name(row)
        made.append(Part(PAGE, language, "about", HTML, _about(row, data, language), code, NOTEBOOK))
        for key, (frame, caption) in _tables(row, data, language, draw).items():
            title = i18n.sentence(f"board_campaigns.{key}", language, name=name)
            table = texts.table(frame, title, caption, data.currency)
            made.append(Part(PAGE, language, key, TABLE, table.write(), code, NOTEBOOK))
    first = listing.newest(rows)
    ranked = sorted(rows.to_dict("records"), key=lambda row: row["campaign_id"] != first)  # stable: the rest by age
    return made, [(words.name(row), str(row["campaign_id"])) for row in ranked]


def _about(row: Mapping, data: ReportData, language: str) -> str:
    words = letter.words(data, language)
    said = {"hypothesis": "" if i18n.missing(row["hypothesis"]) else str(row["hypothesis"])}
    if row["state"] == RUNNING:
        own = data.tables["campaign_results"]
        own = own[own["campaign_id"] == row["campaign_id"]]
        said["verdict"] = i18n.run_on(looks.running(own, data.tables["campaign_looks"], words), language)
    else:
        said["verdict"] = looks.verdict(row, words)
    said["ratio"] = _ratio(row, data, language)
    mine = data.tables["campaign_results"]
    mine = mine[mine["campaign_id"] == row["campaign_id"]]
    said["weaker"] = i18n.run_on(looks.weaker(data.tables["campaign_unheld"], mine, words, as_of=data.as_of), language)
    lines = [(i18n.word(f"board_campaigns.line.{key}", language), text) for key, text in said.items() if text]
    return sentences(lines)


def _ratio(row: Mapping, data: ReportData, language: str) -> str:
    """Whether as many were held out as the draw holds out (sample-ratio check)."""
    words = letter.words(data, language)
    if i18n.missing(row["n_control"]):
        return words_of("ratio_few", language)
    if not row["n_control"] or i18n.missing(row["ratio_p"]) or i18n.missing(row["share_planned"]):
        return words_of("no_arm", language) if not row["n_control"] else ""
    p = f"{float(row['ratio_p']):.3f}"
    key = "ratio_off" if float(row["ratio_p"]) < UNEQUAL else "ratio_fits"
    counts = {"control": words.count(row["n_control"]), "treated": words.count(row["n_treated"])}
    shares = {"planned": words.rate(row["share_planned"]), "share": words.rate(row["share"])}
    fit = i18n.sentence(f"board_campaigns.{key}", language, p=p)
    return i18n.sentence("board_campaigns.ratio", language, fit=fit, **counts, **shares)


def words_of(key: str, language: str) -> str:
    """A word of the page's block."""
    return i18n.word(f"board_campaigns.{key}", language)


def _tables(row: Mapping, data: ReportData, language: str, draw: ModuleType) -> dict[str, tuple[pd.DataFrame, str]]:
    """Outcomes, parts, funnel and faults of a campaign with their captions; those that there are."""
    words, tables, code = letter.words(data, language), data.tables, row["campaign_id"]
    own = pd.DataFrame([dict(row)])
    effects = tables["campaign_effects"]
    effects = effects[effects["campaign_id"] == code]
    n = None if i18n.missing(row["n_control"]) else int(row["n_treated"] + row["n_control"])
    days = int(effects["days"].iloc[0]) if len(effects) else 0
    hidden = fault_rows(tables["campaign_faults"], data.k_min)
    funnel, divided = tables["campaign_funnel"], tables["campaign_parts"]
    divided = divided[(divided["campaign_id"] == code) & divided["n_treated"].notna()]
    made = {
        "outcomes": (listing.outcomes(effects, words, code), "campaign_effects", 0.95, {"days": days, "k": data.k_min}),
        "parts": (listing.parts(divided, words, code), "campaign_parts", 0.95, {}),
        "funnel": (listing.funnel(funnel[funnel["campaign_id"] == code], own, words), "campaign_funnel", None, {"k": data.k_min}),
        "faults": (listing.faults(hidden[hidden["campaign_id"] == code], own, words), "campaign_faults", None, {}),
    }  # fmt: skip
    found = {}
    for key, (frame, table, level, values) in made.items():
        if len(frame):
            definition = i18n.sentence(f"board_campaigns.definition_{key}", language, **values)
            caption = draw.caption(measured.campaigns, table, data.as_of, n, language, level, definition=definition)
            found[key] = (frame, caption)
    return found


def fault_rows(faults: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """campaign_faults whose sum by kind is told: small counts read "<k_min", those that would give them back are empty."""
    if not len(faults):
        return faults
    counts = faults["people"].astype("int64")
    hidden = counts.groupby(faults["fault"]).transform(lambda rows: suppress_parts(rows.to_numpy(), k_min))
    return faults.assign(people=counts.astype("Float64").mask(hidden.astype(bool) & (counts >= k_min)).astype(float))
