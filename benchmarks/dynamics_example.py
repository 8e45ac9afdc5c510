"""The worked example of docs/dynamics.md, its picture and its table: `python -m benchmarks.dynamics_example`.

Needs matplotlib and, for the Korean letters, the font NanumGothic.ttf that the package koreanize-matplotlib carries.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from emotion.dynamics import PLAIN, State, Temper, after, in_words, opening
from emotion.labels import BASIC_EMOTIONS, families
from emotion.measure import LexiconEmotion

DOCS = Path(__file__).resolve().parent.parent / "docs"
TEMPERS = {
    "민수": Temper({"슬픔": 0.3, "서러움": 0.3, "기대감": 0.2}, volatility=0.4),
    "지은": Temper({"불안/걱정": 0.3, "아껴주는": 0.3}, volatility=0.7),
}
AFFECTIONS = {("민수", "지은"): 0.7, ("지은", "민수"): 0.6}
TURNS: tuple[tuple[str | None, str], ...] = (
    ("지은", "오빠, 나 내일 서울 가. 미안해, 진작 말하려고 했는데."),
    ("민수", "내일? 그걸 왜 이제 말해. 정말 어이없다."),
    ("지은", "말하면 오빠가 슬퍼할까 봐 무서웠어."),
    ("민수", "나한테는 거짓말이 더 화나. 너 진짜 실망이야!"),
    ("지은", "오빠는 늘 화부터 내잖아. 나도 이제 지긋지긋해!"),
    ("민수", "지긋지긋해? 그래, 가. 가 버려! 꼴도 보기 싫어!"),
    ("지은", "알았어. 갈게."),
    (None, "방파제 너머로 큰 파도가 덮친다. 지은의 가방이 물에 휩쓸린다. 두 사람 다 깜짝 놀란다."),
    ("민수", "지은아! 위험해, 이리 와! 다쳤어?"),
    ("지은", "괜찮아. 나 너무 놀랐어. 무서웠어, 오빠."),
    ("민수", "미안하다. 너 잃는 줄 알고 겁났어."),
    ("지은", "나도 미안해. 오빠 두고 가는 게 제일 슬퍼."),
    ("민수", "아까 말은 후회해. 너 가는 거, 사실 자랑스러워."),
    ("지은", "정말? 그 말 들으니까 안심된다. 고마워."),
    ("민수", "가서 행복해라. 여기는 내가 지킬게. 믿어."),
    ("지은", "응, 믿어. 오빠 덕분에 기뻐. 꼭 다시 올게."),
)


def states() -> list[State]:
    """Return the opening state and the state after each of `TURNS`, as measured by the lexicon."""
    model, felt = LexiconEmotion(), [opening(TEMPERS)]
    for speaker, text in TURNS:
        emotion = model.read(text)
        felt.append(
            after(felt[-1], speaker, tuple(TEMPERS), emotion, families(emotion.labels), TEMPERS, AFFECTIONS),
        )
    return felt


def table() -> str:
    """Return the turns as a Markdown table: the line, what was measured in it, and both characters after it."""
    model, felt = LexiconEmotion(), states()
    rows = ["| # | line | measured | 민수 | 지은 |", "|---|---|---|---|---|", f"| 0 | | | {_both(felt[0])} |"]
    for n, (speaker, text) in enumerate(TURNS, 1):
        emotion = model.read(text)
        named = ", ".join(f"{label} {strength:.2f}" for label, strength in emotion.labels.items())
        measured = f"{emotion.valence:+.2f} {emotion.arousal:+.2f}" + (f"; {named}" if named else "")
        rows.append(f"| {n} | {speaker or '(event)'}: {text} | {measured} | {_both(felt[n])} |")
    return "\n".join(rows)


def draw(path: Path) -> None:
    """Write the picture to `path` (svg or png): valence of both, and the eight basic emotions of each."""
    import matplotlib
    from matplotlib import font_manager
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    font = font_manager.FontProperties(fname=str(_font()))
    font_manager.fontManager.addfont(str(_font()))
    felt = states()
    with matplotlib.rc_context({"font.family": font.get_name(), "axes.unicode_minus": False, "svg.hashsalt": "daebon"}):
        figure = Figure(figsize=(9, 7.2), layout="constrained")
        FigureCanvasAgg(figure)
        top, *below = figure.subplots(3, 1, sharex=True, height_ratios=(1.1, 1, 1))
        top.axhline(0, color="#bbbbbb", linewidth=0.8)
        for name, colour, mark in (("민수", "#0072b2", "o"), ("지은", "#d55e00", "s")):
            top.plot([state[name]["valence"] for state in felt], color=colour, marker=mark, markersize=4, label=name)
            top.axhline(felt[0][name]["valence"], color=colour, linewidth=0.8, linestyle=":")
        top.set(ylim=(-0.8, 0.8), ylabel="valence, -1..1", title="valence; dotted: at rest")
        top.legend(loc="upper left", ncols=2, frameon=False)
        for axes, name in zip(below, TEMPERS, strict=True):
            grid = [[state[name][emotion] for state in felt] for emotion in BASIC_EMOTIONS]
            image = axes.imshow(grid, aspect="auto", cmap="Purples", vmin=0, vmax=1)
            axes.set_yticks(range(len(BASIC_EMOTIONS)), BASIC_EMOTIONS)
            axes.set_title(f"{name}: basic emotions, 0..1 (a figure from {PLAIN} on)")
            for row, values in enumerate(grid):
                for column, value in enumerate(values):
                    if value >= PLAIN:
                        ink = "white" if value > 0.6 else "black"
                        axes.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=7, color=ink)
        figure.colorbar(image, ax=below, pad=0.01)
        below[-1].set_xticks(
            range(len(felt)), ["0", *(f"{n}\n{speaker or '사건'}" for n, (speaker, _) in enumerate(TURNS, 1))]
        )
        below[-1].set_xlabel("turn and who speaks")
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)


def _both(state: State) -> str:
    return " | ".join(
        f"{state[name]['valence']:+.2f} {in_words(name, state[name]).split(maxsplit=2)[2]}" for name in ("민수", "지은")
    )


def _font() -> Path:
    carrier = find_spec("koreanize_matplotlib")
    if carrier is None or carrier.origin is None:
        raise SystemExit("no Korean font for the picture; run: pip install matplotlib koreanize-matplotlib==0.1.1")
    return Path(carrier.origin).parent / "fonts" / "NanumGothic.ttf"


def main() -> None:
    """Write docs/dynamics.svg, and the table between the marks of docs/dynamics.md."""
    draw(DOCS / "dynamics.svg")
    page = DOCS / "dynamics.md"
    marks = re.compile(r"<!-- example -->\n.*?<!-- /example -->", re.DOTALL)
    text = marks.sub(lambda _: f"<!-- example -->\n{table()}\n<!-- /example -->", page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
