"""The published report in a real browser: it fits a phone and a desk, in its own font, without asking any server."""

import html
import json
import re
import shutil
import subprocess

import pytest
import sample_run
from sample_run import SampleMonth

sample_month = sample_run.sample_month  # the fixture
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
FLAGS += ("--disable-component-update", "--disable-sync", "--virtual-time-budget=10000", "--dump-dom")
# the report stands in a frame of the wanted width; what the browser made of it is written into the outer page
PAGE = """<!doctype html><iframe id="f" style="width:{width}px;height:900px;border:0" srcdoc="{report}"></iframe>
<pre id="out"></pre><script>
const frame = document.getElementById("f");
frame.onload = async () => {{
  const page = frame.contentDocument;
  await page.fonts.ready;
  const wide = [...page.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > {width} + 1
    && !e.closest("svg") && getComputedStyle(e).display !== "none").map(e => e.tagName + "." + e.className);
  const asked = frame.contentWindow.performance.getEntriesByType("resource").map(e => e.name.slice(0, 60));
  document.getElementById("out").textContent = "@" + JSON.stringify({{
    width: page.documentElement.scrollWidth, wide: wide.slice(0, 5), asked: asked.filter(n => !n.startsWith("data:")),
    fonts: [...page.fonts].filter(f => f.status === "loaded").map(f => f.weight).sort(),
    pictures: page.querySelectorAll("svg").length,
  }}) + "@";
}};
</script>"""


def rendered(text: str, width: int, folder) -> dict:
    """What a browser makes of the report in a window of this width."""
    outer = folder / f"outer{width}.html"
    outer.write_text(PAGE.format(width=width, report=html.escape(text, quote=True)), encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", outer.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(html.unescape(re.search(r"@(\{.*\})@", done.stdout)[1]))


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: install the package `chromium` to run it")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_report_fits_its_window_in_its_own_font(sample_month: SampleMonth, tmp_path, language, width):
    seen = rendered((sample_month.report / f"report.{language}.html").read_text(encoding="utf-8"), width, tmp_path)
    assert seen["wide"] == []
    assert seen["width"] <= width
    assert seen["fonts"] == ["400", "700"]
    assert seen["asked"] == []
    assert seen["pictures"] > 5
