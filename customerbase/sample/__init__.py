"""The sample company: an invented Japanese retailer with shops, a web shop and an app, and the truth about it apart."""

import shutil
from pathlib import Path

import customerbase.sample.app as app
import customerbase.sample.marketing as marketing
import customerbase.sample.office as office
import customerbase.sample.pos as pos
import customerbase.sample.shop as shop
import customerbase.sample.truth as truth
import customerbase.sample.voice as voice
import customerbase.sample.web as web
from customerbase.errors import ConfigError
from customerbase.sample.block import make_block
from customerbase.sample.campaigns import make_campaigns
from customerbase.sample.desk import Desk
from customerbase.sample.people import blocks
from customerbase.sample.strings import Dates
from customerbase.sample.world import make_world

__all__ = ["generate", "truth_folder"]


def truth_folder(out: str | Path) -> Path:
    """Where the truth about a sample lies: beside its folder, never below it."""
    out = Path(out).absolute()
    return out.with_name(f"{out.name}_truth")


def generate(customers: int, seed: int, months: int, out: str | Path, last_month: str = "2026-10") -> Path:
    """Write the sample company's raw files into `out` and the truth into `<out>_truth`; returns `out`.

    customers: people with at least one membership (cash customers come on top); months: length of the history, ending
    with `last_month` (YYYY-MM). Same arguments, same bytes. What stood in the two folders before is replaced.
    Raises ConfigError for sizes that make no company and for a folder with other things in it.
    """
    for name, value, least in (("customers", customers, 1), ("months", months, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ConfigError(f"sample: {name} is {value!r}; expected a whole number, {least} or more.")
    out = Path(out).absolute()
    world = make_world(customers, seed, months, last_month)
    for folder in (out, truth_folder(out)):
        _clear(folder)
    desk, dates, campaigns = Desk(world, out, truth_folder(out)), Dates(world), make_campaigns(world)
    office.write(desk)
    pos.write_masters(desk)
    shop.write_products(desk)
    app.write_products(desk)
    marketing.write_campaigns(desk, campaigns)
    truth.write_company(desk, campaigns)
    for part in blocks(customers):
        block = make_block(world, dates, campaigns, part)
        for topic in (pos, shop, app, marketing, voice, web, truth):
            topic.write_block(desk, block)
    voice.finish(desk)
    desk.close()
    (out / MARKER).write_text(
        f"customers {customers}\nseed {seed}\nmonths {months}\nlast_month {last_month}\n", "utf-8"
    )
    return out


MARKER = "SAMPLE.txt"  # marks a folder this module may replace


def _clear(folder: Path) -> None:
    """Empty a folder of an earlier sample; any other content is somebody's and stays."""
    known = ("pos", "webshop", "app", "office", MARKER) if not folder.name.endswith("_truth") else None
    if folder.is_dir():
        strangers = sorted(item.name for item in folder.iterdir() if known and item.name not in known)
        if known is None:
            strangers = sorted(item.name for item in folder.iterdir() if item.suffix != ".parquet")
        if strangers:
            raise ConfigError(
                f"sample: {folder} holds {strangers[0]!r}, which is not of a sample; give an empty folder."
            )
        shutil.rmtree(folder)
    elif folder.exists():
        raise ConfigError(f"sample: {folder} is a file; expected a folder.")
    folder.mkdir(parents=True)
