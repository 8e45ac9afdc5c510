"""The picture of the arcs."""

import os
import stat
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from random import Random

import pytest
from matplotlib.ft2font import FT2Font
from PIL import Image

from emotion import drawing
from emotion.arcs import Series, Span
from emotion.drawing import draw
from emotion.shapes import target
from transcript import fonts
from transcript.errors import DaebonError, UsageError
from transcript.fonts import font_file

SVG = "{http://www.w3.org/2000/svg}"
BEATS = (
    Span(1, 4, 1, 1, "민수가 지은을 알아보고 말을 건다"),
    Span(5, 14, 1, 2, "지은이 가방을 감추며 왜 돌아왔는지 얼버무린다"),
    Span(15, 24, 2, 1, "“편지? 태웠지.” 민수가 털어놓는다…"),
)


@pytest.fixture(autouse=True)
def _no_warning():
    """Turn a letter that the font lacks, and every other remark of the library, into a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _arc(name, shape, seed):
    random = Random(seed)
    planned = tuple((n, 0.7 * value) for n, value in enumerate(target(shape, 24), 1))
    return Series(name, tuple((n, value + random.uniform(-0.25, 0.25)) for n, value in planned), planned)


ARCS = (_arc("민수", "man-in-a-hole", 1), _arc("은행원 최 과장", "icarus", 2))


def _gids(root):
    return [element.get("id") or "" for element in root.iter(f"{SVG}g")]


def _drawn(path, arcs=ARCS, **more):
    draw(path, arcs, title="방파제의 저녁", **more)
    return path.read_bytes()


def test_an_svg_has_its_size_and_a_label_for_each_beat(tmp_path):
    root = ElementTree.fromstring(_drawn(tmp_path / "arc.svg", beats=BEATS))
    assert root.tag == f"{SVG}svg"
    assert root.get("width") == "720pt"
    height = float(root.get("height").removesuffix("pt"))
    assert 300 < height < 600
    assert sorted(gid for gid in _gids(root) if gid.startswith("beat-")) == ["beat-1", "beat-2", "beat-3"]
    more = ElementTree.fromstring(_drawn(tmp_path / "more.svg", ARCS * 2, beats=BEATS))
    assert float(more.get("height").removesuffix("pt")) > height


def test_letters_of_an_svg_are_outlines_that_need_no_font(tmp_path):
    root = ElementTree.fromstring(_drawn(tmp_path / "arc.svg", beats=BEATS))
    assert not list(root.iter(f"{SVG}text"))
    assert not list(root.iter(f"{SVG}image"))
    font = FT2Font(font_file())
    drawn = {path.get("id") for path in root.iter(f"{SVG}path")}
    assert {
        f"NanumGothic-{font.get_char_index(ord(letter)):x}" for letter in "유쾌중립불턴측정계획털어놓는다“"
    } <= drawn


def test_the_same_arcs_give_the_same_bytes(tmp_path):
    for suffix in (".svg", ".png"):
        first = _drawn(tmp_path / f"first{suffix}", beats=BEATS)
        assert _drawn(tmp_path / f"second{suffix}", beats=BEATS) == first
        assert _drawn(tmp_path / f"other{suffix}", ARCS[:1], beats=BEATS) != first
        assert b"<dc:date>" not in first


def test_the_style_of_the_person_changes_nothing_and_stays(tmp_path):
    import matplotlib

    plain = _drawn(tmp_path / "plain.svg", beats=BEATS)
    with matplotlib.rc_context({"lines.linewidth": 9, "axes.facecolor": "black", "svg.fonttype": "none"}):
        assert _drawn(tmp_path / "styled.svg", beats=BEATS) == plain
        assert matplotlib.rcParams["lines.linewidth"] == 9


def test_a_png_is_a_picture_with_both_arcs(tmp_path):
    _drawn(tmp_path / "arc.png", beats=BEATS)
    with Image.open(tmp_path / "arc.png") as picture:
        assert picture.width == 1440
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24)}
    assert len(colours) > 100
    assert {(0x00, 0x55, 0x8C), (0xC0, 0x4F, 0x00), (0xFF, 0xFF, 0xFF)} <= colours


def test_an_unplanned_arc_has_no_plan_in_the_picture(tmp_path):
    _drawn(tmp_path / "arc.png", [Series("전체", ARCS[0].lines)], unit="줄")
    with Image.open(tmp_path / "arc.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24)}
    assert (0xC0, 0x4F, 0x00) not in colours and (0x00, 0x55, 0x8C) in colours


@pytest.mark.parametrize("count", [1, 2, 5, 12])
@pytest.mark.parametrize("last", [1, 12, 200])
def test_any_cast_and_length_is_drawn(tmp_path, count, last):
    random = Random(count * last)
    arcs = [
        Series(f"인물 {place}", tuple((n, random.uniform(-1, 1)) for n in range(1 + place % last, last + 1, count)))
        for place in range(count)
    ]
    beats = [Span(n, min(n + 1, last), 1, n, "짧은 비트의 목표") for n in range(1, last + 1, 2)]
    root = ElementTree.fromstring(_drawn(tmp_path / "arc.svg", arcs, beats=beats))
    assert sum(gid.startswith("axes") for gid in _gids(root)) == count + 1


def test_signs_that_break_pictures_are_drawn_or_replaced(tmp_path):
    odd = "황보$x^{2$ 😀\u200b (\u1112\u1161\u11ab) \x07<&>\n씨"
    arcs = [Series(odd, ARCS[0].lines)]
    draw(tmp_path / "arc.svg", arcs, title=odd * 9, beats=[Span(1, 24, 1, 1, odd)])
    ElementTree.parse(tmp_path / "arc.svg")
    assert drawing._shown(odd) == "황보$x^{2$ □ (한) <&> 씨"


def test_a_goal_is_broken_at_spaces_and_cut():
    assert drawing._fitted("지은이 가방을 감추며 왜 돌아왔는지 얼버무린다", 9, 3) == [
        "지은이 가방을",
        "감추며 왜",
        "돌아왔는지 얼버무…",
    ]
    assert drawing._fitted("짧은 목표", 20, 3) == ["짧은 목표"]
    assert drawing._fitted("짧은 목표", 3, 3) == []
    assert drawing._fitted(" ", 20, 3) == []


@pytest.mark.parametrize("name", ["arc.pdf", "arc", "arc.jpeg"])
def test_another_suffix_is_refused_with_those_that_go(tmp_path, name):
    with pytest.raises(UsageError, match=r"\.svg or \.png"):
        draw(tmp_path / name, ARCS, title="방파제")
    assert not list(tmp_path.iterdir())


def test_nothing_to_draw_is_said(tmp_path):
    for arcs in ([], [Series("민수", ())]):
        with pytest.raises(UsageError, match="no arc to draw"):
            draw(tmp_path / "arc.svg", arcs, title="빈 장면")


def test_a_missing_font_names_the_package(monkeypatch, tmp_path):
    font_file.cache_clear()
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    try:
        with pytest.raises(DaebonError, match="pip install koreanize-matplotlib"):
            draw(tmp_path / "arc.svg", ARCS, title="방파제")
    finally:
        font_file.cache_clear()


def test_a_failed_write_leaves_the_old_picture(monkeypatch, tmp_path):
    _drawn(tmp_path / "arc.svg")
    before = (tmp_path / "arc.svg").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DaebonError, match="No space left"):
        _drawn(tmp_path / "arc.svg", ARCS[:1])
    assert (tmp_path / "arc.svg").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["arc.svg"]


def test_a_home_that_cannot_be_written_is_no_reason_to_speak(tmp_path):
    home = tmp_path / "home"
    home.write_text("a file where the folder should be", encoding="utf-8")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from emotion.arcs import Series\n"
        "from emotion.drawing import draw\n"
        "assert 'matplotlib' not in sys.modules and 'numpy' not in sys.modules\n"
        "draw(Path(sys.argv[1]), [Series('민수', ((1, 0.2), (2, -0.4)))], title='방파제')\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'koreanize_matplotlib' not in sys.modules\n"
    )
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("MPL", "XDG", "DISPLAY"))}
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "arc.png")],
        env={**variables, "HOME": str(home), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert stat.S_IMODE((tmp_path / "arc.png").stat().st_mode) & 0o400
