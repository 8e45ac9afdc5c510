"""The pages of a take and of a batch: what stands in them, what can't get out of them, and how a browser shows them."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.shapes import GLOSS
from transcript.fonts import font_file
from transcript.html import Contrast, TakeRow, batch_page, to_html
from transcript.layout import clean
from transcript.record import Transcript, read_transcript
from transcript.report.curve import curves
from transcript.report.words import explain, shape_name
from transcript.turn import Turn

GOLDEN = Path(__file__).parent / "golden_html"
SEA = read_transcript(GOLDEN / "transcript.json")
ROOT = Path(__file__).parents[2]
HANGUL = re.compile("[가-힣]")

HOSTILE = (
    "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 2</script>",
    "</style><img src=x onerror='window.hacked = 3'>",
    "<!-- <script>",
    "javascript:window.hacked=4",
    '" onmouseover="window.hacked=5" x=\'',
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; & &amp;",
    "\u202eאבג שלום\u202c \u2067עברית",
    "👩‍👩‍👧‍👦 뭐라고?! 🌊",
    "지은아",  # NFD
    "한\x00글\x1b[31m \ud800 \ufffe",
    "가" * 400,
)


def line(text: str, **fields: object) -> Turn:
    """Return a line of 지은 to 민수 in scene 1, with `fields` in place of the usual ones."""
    usual: dict[str, object] = {"n": 1, "scene": 1, "beat": 1, "kind": "dialogue", "speaker": "지은", "text": text}
    return Turn.from_dict(usual | fields)


def hostile(text: str) -> Transcript:
    """Return a take that has `text` wherever a person or a model can put one."""
    cue = {"speaker": text, "to": [text], "intention": text, "emotion": {text: 0.5}, "level": text, "reveal": text}
    drafts = [{"text": text, "score": 0.4}, {"text": text + "?", "rejected": f"copy of: {text}", "mended": text}]
    felt = {"valence": 0.3, "arousal": 0.1, "labels": {text: 0.6}}
    fields: dict[str, object] = {"speaker": text, "parenthetical": text, "marker": text, "why": text, "cue": cue}
    fields |= {"emotion": felt, "candidates": drafts, "by": "human"}
    turns = (line(text, **fields), line(text, n=2, kind="action", speaker=None), line(text, n=3, **fields))
    persona = {"name": text, "age": text, "role": text, "voice": {"level": text}}
    scenario = {
        "logline": text,
        "genre": text,
        "setting": {"place": text},
        "cast": [{"persona": persona}],
        "relations": [{"from": text, "to": text, "level": text, "address": text, "affection": 0.5}],
        "scenes": [{"heading": {"place": text, "time": text}, "beats": [{"goal": text}]}],
    }
    take = {"seed": text, "model": text, "version": text, "human": [text], "path": [0]}
    take["beats"] = [{"scene": 1, "beat": 1, "turns": 3, "reason": text}]
    arc = {"planned": {text: [[1, 0.5], [3, -0.5]]}, "measured": {text: [[1, 0.3], [3, 0.3]]}, "shape": {text: text}}
    return Transcript(text, scenario, take, turns, arc, {text: 0.5})


def hostile_batch(text: str) -> str:
    """Return the page of a batch that has `text` everywhere."""
    done = TakeRow(text, text, 1, text, 3, {text: 0.5}, rank=1, kept=True, href=text, setting=text)
    broken = TakeRow(text, text, 2, text, error=text or "?")
    contrast = Contrast(text, text, text, (0.1, 0.2), 0.1, 0.05, 0.15, 8)
    return batch_page(text, [done, broken], [contrast], about=[(text, text)])


class Page(HTMLParser):
    """The elements of a page with their attributes, its text, and the text of its scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += "" if tag in ("b", "bdi", "i") else " "
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in self.raw else ""
        if self._inside:
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside][-1] += data
        else:
            self.text += data

    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]


def safe(page: Page) -> None:
    """Check that nothing in a page can run or leave it."""
    (policy,) = (a["content"] or "" for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    (style,) = page.raw["style"]
    running = [a for tag, a in page.elements if tag == "script" and a.get("type") != "application/json"]
    assert running == [{}]
    for text in (style, page.raw["script"][-1]):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "srcset")]
        assert ":" not in (attributes.get("href") or "").removeprefix("data:,")


def test_a_page_holds_the_script_the_reasons_and_the_candidates() -> None:
    page = Page(to_html(SEA))
    safe(page)
    for turn in SEA.turns:
        assert clean(turn.text) in page.text
        for candidate in turn.candidates:
            assert candidate.text in page.text
    for said in (
        "S#2. 해진호 갑판 / 밤",
        "비트가 바라는 사람: 지은",
        "아직 밝힐 수 없는 사실을 흘림",
        "항구에 남아 아버지 배로",
    ):
        assert said in page.text


def test_the_record_in_the_page_is_the_whole_transcript() -> None:
    page = Page(to_html(SEA))
    assert json.loads(page.raw["script"][0]) == json.loads(json.dumps(SEA.to_dict()))


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_scenario_stays_text(text: str) -> None:
    html, plain = to_html(hostile(text)), to_html(hostile("바다"))
    html.encode()
    page = Page(html)
    safe(page)
    assert page.tags() == Page(plain).tags()
    assert clean(text) in page.text
    assert json.loads(page.raw["script"][0]) == json.loads(json.dumps(hostile(text).to_dict()))


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_batch_stays_text(text: str) -> None:
    page = Page(hostile_batch(text))
    safe(page)
    assert page.tags() == Page(hostile_batch("바다")).tags()
    assert clean(text) in page.text


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec=None), min_size=1, max_size=40).filter(clean))
def test_any_text_stays_text(text: str) -> None:
    page = Page(to_html(hostile(text)))
    safe(page)
    assert page.raw["script"][0].isprintable() or "<" not in page.raw["script"][0]
    assert json.loads(page.raw["script"][0])["title"] == text


def test_reasons_of_the_engine_are_said_in_korean() -> None:
    english = re.compile("[a-z]{3}")
    for turn in SEA.turns:
        assert not english.search(explain(turn.why, "ko"))
        for candidate in turn.candidates:
            assert not english.search(explain(candidate.rejected or "", "ko"))
    for beat in SEA.take["beats"]:
        assert not english.search(explain(beat["reason"], "ko"))
    assert explain(SEA.take["over"], "ko") == "끝까지 감"
    for why in (
        "event: the beat is late and not yet complete",
        "the beat stalled: 어두워진다 -0.31, 공포",
        "picked; edited",
    ):
        assert not english.search(explain(why, "ko"))
    assert explain("조용히 해 주세요; 감독", "ko") == "조용히 해 주세요 · 감독"
    assert explain("asked by 민수: 지은; best of 6 turned down (address)", "ko") == (
        "질문을 받음: 민수 → 지은 · 탈락한 후보 6개 가운데 가장 나은 것: 호칭이 어긋남"
    )
    assert explain("speech level: 해요체, wanted 해체", "en") == "speech level: 해요체, wanted 해체"


@pytest.mark.parametrize("module", ["guards", "narration"])
def test_every_reason_that_a_guard_gives_is_known(module: str) -> None:
    tree = ast.parse((ROOT / "agents" / f"{module}.py").read_text(encoding="utf-8"))
    guards = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in ("fault", "_poor")]
    assert guards
    reasons = []
    for node in (node for guard in guards for node in ast.walk(guard) if isinstance(node, ast.Return)):
        pieces = {id(piece) for whole in ast.walk(node) if isinstance(whole, ast.JoinedStr) for piece in whole.values}
        for value in (child for child in ast.walk(node) if isinstance(child, ast.Constant | ast.JoinedStr)):
            parts = value.values if isinstance(value, ast.JoinedStr) else [value]
            said = "".join(str(part.value) if isinstance(part, ast.Constant) else "문어" for part in parts)
            if id(value) not in pieces and " " in said:
                reasons.append(said)
    assert len(reasons) > 5
    for reason in reasons:
        assert explain(reason, "ko") != reason
        assert explain(reason.split(":")[0], "ko") != reason.split(":")[0]


def test_shapes_are_called_as_in_the_picture() -> None:
    assert {shape: shape_name(shape, "ko") for shape in GLOSS} == dict(GLOSS)
    assert shape_name("zigzag", "ko") == "zigzag"


def test_a_page_in_english_has_no_korean_of_ours() -> None:
    turn = line("Tell me.", speaker="Ann", why="beat requires Ann", emotion={"valence": 0.2, "labels": {"joy": 0.5}})
    page = to_html(Transcript("Sea", {"scenes": [{"heading": {"place": "Pier"}}]}, {"seed": 1}, (turn,)), lang="en")
    assert '<html lang="en">' in page
    assert not HANGUL.search(Page(page).text)
    assert not HANGUL.search(Page(batch_page("Sea", [TakeRow("sea-1", "Sea", 1, "embedded")], lang="en")).text)


def test_how_levels_were_kept() -> None:
    def said(n: int, rejected: str | None) -> Turn:
        cue = {"speaker": "지은", "to": ["민수"], "level": "해요체" if n < 3 else "해체"}
        drafts = [
            {"text": "그냥요.", "rejected": rejected},
            {"text": "그냥.", "rejected": "speech level: 해체, wanted 해요체"},
        ]
        return line("그냥요.", n=n, cue=cue, candidates=drafts)

    turns = (said(1, None), said(2, "speech level: 합쇼체, wanted 해요체"), said(3, None))
    relations = [{"from": "지은", "to": "민수", "level": "해요체", "address": "오빠", "affection": 0.7}]
    text = " ".join(Page(to_html(Transcript("바다", {"relations": relations}, {}, turns))).text.split())
    assert "지은 → 민수 해요체 → 해체 오빠 +0.70 2 / 3" in text
    assert "후보 6개 가운데 4개가 규칙에 걸려 탈락했습니다." in text
    assert "높임이 어긋남 4 100%" in text


def test_who_spoke_how_much_counts_letters_without_spaces() -> None:
    turns = (
        line("왜 왔어?", speaker="민수"),
        line("그냥요. 바다가 보고 싶어서요.", n=2),
        line("가자.", n=3, speaker="민수"),
    )
    text = " ".join(Page(to_html(Transcript("바다", {}, {}, turns))).text.split())
    assert "민수 2 7 4 33%" in text
    assert "지은 1 14 14 67%" in text


def test_curves_stand_where_they_are_measured() -> None:
    turns = tuple(line("응.", n=n, emotion={"valence": (n - 2) * 0.5, "labels": {"기쁨": 0.5}}) for n in (1, 2, 3))
    arc = {"planned": {"지은": [[1, -0.5], [3, 0.5]]}, "measured": {"지은": [[1, -0.5], [2, 0.0], [3, 0.5]]}}
    found = curves(Transcript("바다", {}, {}, turns, arc))
    (panel,) = found.panels
    assert found.limit == 0.5
    assert [dot.x for dot in panel.dots] == [pytest.approx(100 / 6, abs=0.01), 50, pytest.approx(500 / 6, abs=0.01)]
    assert panel.dots[0].y == found.height - panel.dots[2].y > panel.dots[1].y == found.middle
    assert panel.marks[0].y == panel.dots[0].y > found.height * 0.9  # the limit stands at the edge
    assert panel.agreement is None  # two turns have both
    assert [dot.planned for dot in panel.dots] == [-0.5, None, 0.5]


def test_bands_cover_all_turns_and_open_where_a_scene_begins() -> None:
    bands = curves(SEA).bands
    assert sum(band.width for band in bands) == pytest.approx(100, abs=0.05)
    assert [(band.scene, band.beat) for band in bands if band.opens] == [(1, 1), (2, 1)]
    assert bands[0].goal == "민수는 뱃머리를 긁으며 딴청을 부리고 지은은 말을 걸 핑계를 찾는다"


@pytest.mark.parametrize("turns", [(), (line("여기요."),), (line(""),), (line("  ", kind="action", speaker=None),)])
def test_a_bare_transcript_has_its_page(turns: tuple[Turn, ...]) -> None:
    page = Page(to_html(Transcript("", {}, {}, turns)))
    safe(page)
    assert "감정을 잰 기록이 없습니다." in page.text


def test_the_command_plays_it_again() -> None:
    def command(title: str, **take: object) -> str:
        return Page(to_html(Transcript(title, {}, take, ()))).text

    assert "daebon play '바다' --auto --seed 1 --model embedded --candidates 4 --turns 2000" in Page(to_html(SEA)).text
    typed = command("그 여름, 'A'", seed=3, human=["민수"], steer=False)
    assert "daebon play '그 여름, '\"'\"'A'\"'\"'' --as '민수' --seed 3 --no-steer" in typed


def test_links_of_a_batch_lead_to_its_own_files_only() -> None:
    def link(href: str) -> str | None:
        page = Page(batch_page("묶음", [TakeRow("바다-1", "바다", 1, "embedded", href=href)]))
        return next((a["href"] for tag, a in page.elements if tag == "a" and not str(a["href"]).startswith("#")), None)

    assert link("") is None
    assert link("바다 1/report.html") == "%EB%B0%94%EB%8B%A4%201/report.html"
    assert link("javascript:alert(1)") == "javascript%3Aalert%281%29"
    assert link("//evil.example/a?b#c") == "evil.example/a%3Fb%23c"


def test_a_batch_shows_ranks_figures_intervals_and_failures() -> None:
    text = " ".join(Page(BATCH).text.split())
    assert "테이크 4개 가운데 3개를 끝냈습니다." in text
    assert "1 바다-1 남김 바다 1 embedded 27 0.185 0.640" in text
    assert "95% +0.030 ~ +0.190, 0을 비켜 감" in text
    assert "95% -0.060 ~ +0.030, 0을 품음" in text
    assert "유실물-9 유실물 9 server:http://127.0.0.1:8000/v1#drama" in text


def test_figures_are_named_and_the_ones_that_sum_up_come_first() -> None:
    text = Page(to_html(replace(SEA, scores={"own": 2.0, "narration": 0.185, "turns": 27, "score": 0.5}))).text
    text = " ".join(text.split())
    assert "종합 점수 0.500 턴 27 지문 비율 0.185 own 2.000" in text


def test_templates_are_filled_late() -> None:
    code = "import sys, transcript.html; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


TAKE = to_html(SEA)
BATCH = batch_page(
    "가을 단막 묶음",
    [
        TakeRow(
            "바다-1", "바다", 1, "embedded", 27, {"narration": 0.185, "계획과 r": 0.64}, 1, True, "바다-1/report.html"
        ),
        TakeRow(
            "바다-2",
            "바다",
            2,
            "gguf:drama-13b",
            31,
            {"narration": 0.2, "계획과 r": 0.5},
            2,
            False,
            "바다-2/report.html",
        ),
        TakeRow("바다-10", "바다", 10, "embedded", 9, {"narration": 0.1}, 3, False, "바다-10/report.html"),
        TakeRow(
            "유실물-9",
            "유실물",
            9,
            "server:http://127.0.0.1:8000/v1#drama",
            error="server: 대답이 없습니다; 다시 켜 주십시오",
        ),
    ],
    [
        Contrast("계획과 r", "embedded", "gguf:drama-13b", (0.41, 0.52), 0.11, 0.03, 0.19, 12),
        Contrast("narration", "embedded", "gguf:drama-13b", (0.19, 0.17), -0.02, -0.06, 0.03, 12),
    ],
    about=[("명령", "daebon batch 바다 유실물 --takes 12"), ("날짜", "2026-11-28")],
)


# In a browser


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start headless Chromium with one font, so that pictures are alike on every machine."""
    api = pytest.importorskip("playwright.sync_api", reason="no playwright; pip install playwright")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no browser here; apt-get install chromium")
    home = tmp_path_factory.mktemp("fonts")
    config = f"<fontconfig><dir>{font_file().parent}</dir><cachedir>{home}</cachedir></fontconfig>"
    (home / "fonts.conf").write_text(config, encoding="utf-8")
    quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    same = ["--force-color-profile=srgb", "--font-render-hinting=none", "--disable-lcd-text"]
    with api.sync_playwright() as playwright:
        env = {**os.environ, "FONTCONFIG_FILE": str(home / "fonts.conf")}
        browser = playwright.chromium.launch(executable_path=path, args=[*quiet, *same], env=env)
        yield browser
        browser.close()


Open = Callable[..., Any]


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens a page; whatever it complains about or asks the network for fails the test."""
    contexts, wrong = [], []

    def open_page(html: str, *, width: int = 1280, height: int = 860, **options: Any) -> Any:
        path = tmp_path / f"report{len(contexts)}.html"
        path.write_bytes(html.encode())
        options = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce"} | options
        context = chromium.new_context(**options)
        context.set_default_timeout(120_000)  # a machine with other work
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on(
            "request",
            lambda request: None if request.url.startswith(("file:", "data:", "blob:")) else wrong.append(request.url),
        )
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def highlighted(page: Any) -> list[str]:
    """Return what is marked, lines and points."""
    marked: list[str] = page.eval_on_selector_all(".on", "found => found.map(one => one.id)")
    return sorted(marked)


def test_a_click_on_a_point_shows_its_line(opened: Open) -> None:
    page = opened(TAKE)
    assert not page.locator("#n20").evaluate("e => e.getBoundingClientRect().bottom < innerHeight")
    page.locator("#p20 circle").first.click()
    assert highlighted(page) == ["n20", "p20"]
    assert page.locator("#n20").evaluate(
        "e => e.getBoundingClientRect().top > 0 && e.getBoundingClientRect().bottom < innerHeight"
    )
    turn = SEA.turns[19]
    assert turn.text in page.locator("#read .what").inner_text()
    assert page.locator("#read .which").inner_text() == f"20 {turn.speaker}"
    assert f"측정 {turn.emotion.valence:+.2f}" in page.locator("#read .how").inner_text()


def test_pointing_at_a_curve_shows_the_nearest_line(opened: Open) -> None:
    page = opened(TAKE)
    box = page.locator("svg.panel").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 1.6 / 27, box["y"] + 3)
    assert SEA.turns[1].text in page.locator("#read .what").inner_text()
    page.mouse.move(5, 5)
    assert page.locator("#read .what").inner_text() == "대사를 고르면 여기에 보입니다."


def test_a_line_that_is_picked_marks_its_point(opened: Open) -> None:
    page = opened(TAKE)
    page.locator("#n7 .said").click()
    assert highlighted(page) == ["n7", "p7"]
    page.locator("#n8 .n").click()  # an action line has no point
    assert [mark for mark in highlighted(page) if mark.startswith("n")] == ["n8"]


def test_the_keyboard_is_enough(opened: Open) -> None:
    page = opened(TAKE)
    first, second, *_ = (turn.n for turn in SEA.turns if turn.speaker == "민수")
    page.locator(f"#p{first}").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == f"p{second}"
    page.keyboard.press("Enter")
    assert highlighted(page) == [f"n{second}", f"p{second}"]
    assert page.evaluate("document.activeElement.closest('.line').id") == f"n{second}"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == f"p{second}"
    page.keyboard.press("ArrowDown")
    other = page.evaluate("document.activeElement.id")
    assert SEA.turns[int(other[1:]) - 1].speaker == "지은"
    assert page.locator("a.point[tabindex='0']").count() == 2


def test_without_scripts_points_are_links(opened: Open) -> None:
    page = opened(TAKE, java_script_enabled=False)
    page.locator("#p20 circle").first.click()
    assert page.url.endswith("#n20")
    assert page.locator("#save").is_hidden()
    page.locator("#n20 summary").click()
    assert page.locator("#n20 .candidates").is_visible()


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have any take count as a long one."""
    monkeypatch.setattr("transcript.report.curve._FEW", 0)


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("scripts", [True, False])
def test_notes_of_a_long_take_are_there_when_they_are_opened(opened: Open, scripts: bool) -> None:
    page = opened(to_html(SEA), java_script_enabled=scripts)
    assert page.locator("#n20 li").count() == (0 if scripts else len(SEA.turns[19].candidates))
    page.locator("#n20 summary").click()
    page.locator("#n20 .candidates").wait_for()
    said = page.locator("#n20 .candidates").text_content()
    assert all(candidate.text in said for candidate in SEA.turns[19].candidates)
    page.locator("#n20 a.up").click()
    if scripts:
        assert page.evaluate("document.activeElement.id") == "p20"
    else:
        assert page.url.endswith("#p20")


@pytest.mark.usefixtures("long")
def test_a_click_on_a_point_shows_a_line_far_away(opened: Open) -> None:
    from playwright.sync_api import expect

    turns = tuple(replace(SEA.turns[1 + i % 6], n=i + 1, scene=1 + i // 12) for i in range(240))
    page = opened(to_html(replace(SEA, turns=turns, take={**SEA.take, "path": [0] * 20}, arc={})))
    page.locator("#p230").focus()
    page.keyboard.press("Enter")
    assert highlighted(page) == ["n230", "p230"]
    expect(page.locator("#n230")).to_be_in_viewport(ratio=1, timeout=120_000)


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("text", ["".join(HOSTILE[:8]), "</noscript><img src=x onerror='window.hacked = 3'>"])
def test_nothing_hostile_runs_in_notes_that_are_opened_late(opened: Open, text: str) -> None:
    page = opened(to_html(hostile(text)))
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    page.locator("#n3 .candidates").wait_for()
    assert clean(text) in page.locator("#n3 .candidates").text_content()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0


def test_notes_can_be_put_away(opened: Open) -> None:
    page = opened(TAKE)
    assert page.locator("#b1-2").is_visible()
    page.locator("#notes").uncheck()
    assert page.locator(".note:visible").count() == 0


def test_the_record_can_be_saved(opened: Open, tmp_path: Path) -> None:
    page = opened(TAKE)
    with page.expect_download() as waited:
        page.locator("#save").click()
    waited.value.save_as(tmp_path / "saved.json")
    assert read_transcript(tmp_path / "saved.json") == SEA


@pytest.mark.parametrize("html", [TAKE, BATCH, to_html(hostile(HOSTILE[-1])), hostile_batch("가" * 90)])
def test_a_narrow_screen_does_not_scroll_sideways(opened: Open, html: str) -> None:
    page = opened(html, width=360, height=740)
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("html", [to_html(hostile("".join(HOSTILE[:8]))), hostile_batch("".join(HOSTILE[:8]))])
def test_nothing_hostile_runs(opened: Open, html: str) -> None:
    page = opened(html)
    page.mouse.move(300, 300)
    for link in page.locator("tbody a, main a.n, svg.panel a.point").all():
        link.dispatch_event("mouseover")
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize(
    ("html", "scheme"),
    [(TAKE, "light"), (TAKE, "dark"), (BATCH, "dark"), (to_html(hostile(HOSTILE[1])), "light")],
    ids=["take", "take-dark", "batch-dark", "hostile"],
)
def test_axe_finds_nothing(opened: Open, html: str, scheme: str) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe; pip install axe-playwright-python"
    )
    page = opened(html, color_scheme=scheme, bypass_csp=True)
    page.eval_on_selector_all("details", "all => all.slice(0, 6).forEach(one => one.open = true)")
    report = axe.Axe().run(page)
    assert report.violations_count == 0, report.generate_report()


def test_it_prints_as_a_script(opened: Open) -> None:
    from pypdf import PdfReader

    page = opened(TAKE, color_scheme="dark")
    sheets = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages
    pages = [sheet.extract_text().replace("\x01", " ") for sheet in sheets]  # a space, as this font names it
    text = " ".join(" ".join(pages).split())
    assert 3 <= len(pages) <= 8
    assert "감정선" in pages[0]
    assert pages[1].split(maxsplit=1)[1].startswith("S#1. 방파제 / 해 질 녘")
    assert all(clean(turn.text) in text for turn in SEA.turns if turn.kind == "dialogue")
    assert "뽑힘" not in text
    assert "연출 노트 보기" not in text
    assert [sheet.split()[0] for sheet in pages] == [str(number) for number in range(1, len(pages) + 1)]


def test_a_batch_sorts_by_any_column(opened: Open) -> None:
    page = opened(BATCH)

    def names() -> list[str]:
        found: list[str] = page.locator(".sortable tbody th").all_inner_texts()
        return [name.split()[0] for name in found]

    page.get_by_role("button", name="계획과 r").click()
    assert names() == ["바다-2", "바다-1", "바다-10"]
    page.get_by_role("button", name="계획과 r").click()
    assert names() == ["바다-1", "바다-2", "바다-10"]  # without a figure it stays last
    page.locator(".sortable thead button", has_text="테이크").click()
    assert names() == ["바다-1", "바다-2", "바다-10"]
    assert page.locator("th[aria-sort='ascending']").inner_text().startswith("테이크")


@pytest.mark.parametrize("name", ["wide", "dark", "open", "narrow", "batch"])
def test_it_looks_as_it_did(opened: Open, tmp_path: Path, name: str) -> None:
    from PIL import Image, ImageChops, ImageFilter

    width, height = (360, 740) if name == "narrow" else (1280, 860)
    page = opened(
        BATCH if name == "batch" else TAKE,
        width=width,
        height=height,
        color_scheme="dark" if name == "dark" else "light",
    )
    if name == "dark":
        page.locator("#p14 circle").first.click()
    if name == "open":
        page.locator("#n9 summary").click()
        page.locator("#n9").evaluate("line => line.scrollIntoView({ block: 'start' })")
    page.mouse.move(0, 0)
    path = tmp_path / f"{name}.png"
    page.screenshot(path=path)
    seen, kept = (Image.open(place).convert("L") for place in (path, GOLDEN / f"{name}.png"))
    assert seen.size == kept.size
    blurred = (picture.filter(ImageFilter.GaussianBlur(2)) for picture in (seen, kept))  # letters differ in their edges
    histogram = ImageChops.difference(*blurred).histogram()
    share = sum(histogram[24:]) / (seen.width * seen.height)
    assert share < 0.004, f"{share:.2%} of {path} differs; look at it, and copy it to {GOLDEN} where it is right"


def test_every_picture_is_tested() -> None:
    assert {path.stem for path in GOLDEN.glob("*.png")} == {"wide", "dark", "open", "narrow", "batch"}


def test_a_long_take_can_be_spread_out(opened: Open) -> None:
    turns = tuple(replace(SEA.turns[1 + i % 6], n=i + 1, scene=1 + i // 60) for i in range(300))
    take = {**SEA.take, "path": [0] * 5}
    page = opened(to_html(replace(SEA, turns=turns, take=take, arc={})))
    assert page.evaluate("document.querySelector('.sheet').scrollWidth <= document.querySelector('.sheet').clientWidth")
    page.locator("#wide").check()
    page.locator("#n299 .said").click()
    assert page.evaluate("document.querySelector('.sheet').scrollLeft") > 500
    assert page.locator("#p299 .dot").evaluate("e => e.getBoundingClientRect().right < innerWidth")
