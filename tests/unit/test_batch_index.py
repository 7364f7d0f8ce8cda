"""OUT/index.html: all cases at a glance, from the ledger alone, in pages, escaped, and usable from disk."""

import base64
import hashlib
import json
import re
import shutil
import sqlite3
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from batches import go, put, record
from reportgen.batch import index
from reportgen.batch.index import remove_index, write_index
from reportgen.batch.index_look import POLICY, SCRIPT, STYLE
from reportgen.ledger import Ledger, Row

ROOT = Path(__file__).parents[2]
HOSTILE = "</style><script>a()</script><img src=//h.example onerror='a()'>&\""


class Page(HTMLParser):
    """Elements with their attributes; refuses what is not nested well."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def a_row(number: int = 1, **changes: object) -> Row:
    outputs = {name: [1, 2, "3"] for name in ("images/ab.jpg", "report.json", "report.txt", "report.html")}
    fields = {
        "key": f"case:c{number:04}",
        "case_id": f"c{number:04}",
        "origin": f"/in/{number}.json",
        "file": f"{number}.json",
        "status": "done",
        "outputs": outputs,
        "images": 4,
        "reviewer_items": 3,
        "rules": {"not_recognised": 2, "undetermined": 1},
        "rungs": {"free": 2, "deterministic": 1},
    }
    return Row(**{**fields, **changes})  # type: ignore[arg-type]


def a_refusal(number: int, **changes: object) -> Row:
    fields = {"key": f"input:{number}", "case_id": None, "status": "rejected", "outputs": {}, "rules": {}}
    fields |= {
        "problem": "predictions: Bad. Do better.",
        "error_file": f"{number}.json.error.json",
        "rungs": {},
    }
    return a_row(number, **{**fields, **changes})


def written(out: Path, *rows: Row) -> str:
    out.mkdir(exist_ok=True)
    (out / "ledger.sqlite").unlink(missing_ok=True)
    ledger = Ledger(out / "ledger.sqlite")
    run = ledger.begin("now", "reportgen")
    for row in rows:
        ledger.put(row)
    ledger.end(run, "then", 0)
    write_index(out, ledger, "reportgen 1", "today")
    ledger.close()
    return (out / "index.html").read_text("utf-8")


def test_each_case_has_a_row_with_what_there_is_of_it(tmp_path: Path) -> None:
    odd = a_refusal(2, row=7, error_file="a b#.json.error.json")
    text = written(tmp_path, a_row(1), odd, a_row(3, status="skipped", outputs={}, rules={}))
    Page(text)
    lines = [line for line in text.splitlines() if line.startswith('<tr role="row" data-status')]
    assert [re.search('data-status="(.*?)"', line)[1] for line in lines] == ["rejected", "done", "done"]  # type: ignore[index]
    refused, first, bare = lines
    assert "2.json, row 7" in refused
    assert "predictions: Bad. Do better." in refused
    assert 'href="rejected/a%20b%23.json.error.json"' in refused
    assert '<img src="c0001/images/ab.jpg" alt="" loading="lazy"' in first
    assert re.findall('href="(.*?)"', first) == ["c0001/report.html", "c0001/report.txt", "c0001/report.json"]
    assert 'data-value="3"><b>3</b><span>not recognised (2), undetermined</span>' in first
    assert "1 deterministic, 2 free" in first
    assert "<img" not in bare
    assert "href" not in bare
    assert "<b>2</b>reports" in text


def test_nothing_of_an_input_is_markup(tmp_path: Path) -> None:
    rows = [a_refusal(n, **{name: HOSTILE}) for n, name in enumerate(("file", "problem", "error_file"))]
    text = written(tmp_path, *rows, a_row(9, rules={HOSTILE: 1}, rungs={HOSTILE: 1}))
    page = Page(text)
    assert len(page.named("script")) == 1
    assert len(page.named("img")) == 1
    assert text.count("h.example") == text.count("//h.example") > 3
    assert HOSTILE in unescape(text)
    assert not [one for _, one in page.elements if any(name.startswith("on") for name in one)]


def test_only_its_own_script_may_run_and_it_reaches_nothing(tmp_path: Path) -> None:
    text = written(tmp_path, a_row())
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert (
        f"default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    ) == POLICY
    assert f'http-equiv="Content-Security-Policy" content="{POLICY}"' in text
    assert not re.search(r"https?:|//|url\(|@import", text)
    for word in ("innerHTML", "eval", "fetch", "XMLHttp", "import(", "document.write", "localStorage", "</"):
        assert word not in SCRIPT


def test_without_script_all_is_there_and_the_table_can_be_read_aloud(tmp_path: Path) -> None:
    page = Page(written(tmp_path, a_row(1), a_refusal(2)))
    hidden = [(name, one.get("id")) for name, one in page.elements if "hidden" in one]
    assert hidden == [("form", "tools")]  # shown by the script, which it needs
    names = [name for name, _ in page.elements]
    assert names.count("h1") == names.count("main") == names.count("caption") == 1
    assert all(one["scope"] in {"col", "row"} for one in page.named("th"))
    assert [one["scope"] for one in page.named("th")].count("row") == 2
    assert len([one for one in page.named("th") if "data-sort" in one]) == 5
    assert names.count("label") == names.count("input") == 5
    assert [one["id"] for one in page.named("p") if one.get("role") == "status"] == ["shown"]
    assert "aria-sort" in SCRIPT
    assert 'createElement("button")' in SCRIPT
    assert page.named("html") == [{"lang": "en"}]


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [0, 1])
def test_every_colour_has_contrast_enough(palette: int) -> None:
    found = re.findall(r":root\{(.*?)\}", STYLE, re.DOTALL)[palette]
    colours = dict(re.findall(r"--([a-z]+):(#[0-9a-f]{6})", found))
    for ink in ("ink", "soft", "good", "bad", "wait"):
        for paper in ("paper", "wash"):
            dark, light = sorted((luminance(colours[ink]), luminance(colours[paper])))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


def test_many_cases_go_on_in_further_pages_that_link_to_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "ROWS", 10)
    first = written(tmp_path, *(a_row(n) for n in range(1, 36)), a_refusal(99))
    pages = {path.name: path.read_text("utf-8") for path in (tmp_path / "_index").iterdir()}
    assert sorted(pages) == ["2.html", "3.html", "4.html"]
    assert [text.count('<tr role="row" data-status') for text in (first, *pages.values())].count(10) == 3
    every = first + "".join(pages.values())
    assert all(every.count(f">c{n:04}<") == 1 for n in range(1, 36))
    assert '<li><a href="index.html">99.json to c0009</a></li>' in first
    assert '<li><a href="_index/4.html">c0030 to c0035</a></li>' in first
    assert '<a href="_index/2.html">Next page</a>' in first
    last, middle = pages["4.html"], pages["3.html"]
    assert re.findall('<a href="([^"]*)">(First|Previous|Next) page', middle) == [
        ("../index.html", "First"),
        ("../_index/2.html", "Previous"),
        ("../_index/4.html", "Next"),
    ]
    assert "Next page" not in last
    assert '<img src="../c0030/images/ab.jpg"' in last
    assert 'href="../c0030/report.html"' in last
    assert "page 4 of 4" in last
    for text in (first, *pages.values()):
        Page(text)
        assert "<b>35</b>reports" in text
    written(tmp_path, *(a_row(n) for n in range(1, 16)))
    assert [path.name for path in (tmp_path / "_index").iterdir()] == ["2.html"]
    assert "All pages" not in written(tmp_path, a_row())
    assert not (tmp_path / "_index").exists()


def test_thousands_are_told_quickly_whole_and_in_pages_of_bearable_size(tmp_path: Path) -> None:
    first = written(tmp_path, *(a_row(n) for n in range(5000)))
    pages = [first, *(path.read_text("utf-8") for path in (tmp_path / "_index").iterdir())]
    assert [len(pages), sum(text.count('class="done"') for text in pages)] == [3, 5000]
    assert max(map(len, pages)) < 2_000_000


def test_no_case_is_said_and_pages_can_be_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "ROWS", 1)
    assert "No case was read." in written(tmp_path)
    written(tmp_path, a_row(1), a_row(2))
    remove_index(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.sqlite"]
    remove_index(tmp_path)


def test_every_link_of_a_run_leads_somewhere(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "samples" / "growth_32_weeks", tmp_path / "in")
    put(tmp_path / "in", "odd name #1.json", "{")
    put(tmp_path / "in", "b.json", record("B"))
    out = tmp_path / "out"
    go(tmp_path / "in", out=out, formats=("txt", "pdf", "html"))
    text = (out / "index.html").read_text("utf-8")
    links = [unescape(link) for link in re.findall(r'(?:href|src)="([^"]+)"', text)]
    assert len(links) == 4 + 4 + 1 + 1
    from urllib.parse import unquote

    assert all((out / unquote(link)).is_file() for link in links)
    with sqlite3.connect(out / "ledger.sqlite") as ledger:
        (rules, items) = ledger.execute(
            "SELECT rules, reviewer_items FROM cases WHERE case_id = 'B'"
        ).fetchone()
    assert sum(json.loads(rules).values()) == items


def test_an_older_ledger_is_read_without_rules_and_gets_them_in_a_run(tmp_path: Path) -> None:
    value = record("B")
    value["images"][0]["predictions"][0]["score"] = 0.2
    put(tmp_path, "b.json", value)
    out = tmp_path / "out"
    go(tmp_path / "b.json", out=out)
    with sqlite3.connect(out / "ledger.sqlite") as ledger:
        ledger.execute("ALTER TABLE cases DROP COLUMN rules")
        ledger.execute("PRAGMA user_version = 3")
    old = Ledger(out / "ledger.sqlite", read_only=True)
    assert [row.rules for row in old.rows()] == [{}]
    old.close()
    assert go(tmp_path / "b.json", out=out).skipped == 1
    assert re.search(r"<b>[1-9]</b></td>", (out / "index.html").read_text("utf-8"))
    assert go(tmp_path / "b.json", out=out, force=True).done == 1
    assert "<b>1</b><span>undetermined</span>" in (out / "index.html").read_text("utf-8")


def test_a_logo_is_no_picture_of_a_case(tmp_path: Path) -> None:
    logo = {name: [1, 2, "3"] for name in ("images/aa.png", "report.json")}
    assert "<img " not in written(tmp_path / "one", a_row(outputs=logo))
    both = {**logo, "images/zz.jpg": [1, 2, "3"]}
    assert 'src="c0001/images/zz.jpg"' in written(tmp_path / "two", a_row(outputs=both))
