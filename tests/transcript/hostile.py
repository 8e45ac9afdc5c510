"""Takes in which every text is hostile to some format, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from transcript.record import Transcript
from transcript.turn import KINDS, Turn

# What means something to one of the formats where it stands: at the start of a row, inside it, at its end.
OPENINGS = [
    *"@#.>~=!*_[(`-+:<|^\\/& ",
    *(
        "INT. ",
        "ext ",
        "I/E.",
        "FADE IN:",
        "S#2. ",
        "1.",
        "2)",
        "...",
        "===",
        "---",
        "```",
        "~~",
        "[[",
        "/*",
        "<!--",
        "    ",
    ),
    *(
        "TV",
        "KBS (on) ",
        "CAFé ",
        "(사이)",
        "（웃음）",
        "(CONT'D)",
        "Title: ",
        "\ufeff",
        "\u200b",
        "\u202e",
        "\u0301",
        "",
    ),
]
MIDDLES = [
    *(
        "민수",
        "…왔네.",
        " “왜요？” ",
        "*하나*",
        "_둘_",
        "**셋**",
        "\\*",
        "[[메모]]",
        "/* 뼈 */",
        "`코드`",
        "<script>",
        "=1+1",
        "+82",
        '"따옴표",',
        "^",
        "&amp;",
        "~~",
    ),
    *(
        "#3#",
        " # ",
        "a|b",
        "\t",
        "\0",
        "\x1b[2J",
        "\ud800",
        "\u200f",
        "\u3000",
        "\u1106\u1175\u11ab",
        "ᄒᆞᆫ",
        "👨‍👩‍👧",
        "ß",
        "",
    ),
]
ENDINGS = ["", "", "^", "<", ")", "(", "\\", "#", " #1#", "TO:", "]]", "*/", "*", "  ", "."]
# screenplain keeps U+E700 to U+E706 for itself and fails on them.
ANYTHING = st.text(st.characters(exclude_characters="".join(map(chr, range(0xE700, 0xE707)))), max_size=10)
ROW = st.builds(
    "{}{}{}".format, st.sampled_from(OPENINGS), st.sampled_from(MIDDLES) | ANYTHING, st.sampled_from(ENDINGS)
)
BREAKS = st.sampled_from(["\n", "\n", "\n\n", "\r\n", "\n \n", "\x0b", "\u2028", "\x85"])
HOSTILE = st.builds("".join, st.lists(ROW | BREAKS, max_size=6)) | st.builds("\n".join, st.lists(ROW, max_size=4))
MARKER = st.sampled_from(["E", "N", "O.L", None]) | ROW
TURN = st.builds(
    Turn,
    n=st.just(1),
    scene=st.sampled_from([1, 2]),
    beat=st.just(1),
    kind=st.sampled_from([*KINDS, "dialogue", "action"]),
    text=HOSTILE,
    speaker=ROW | st.none(),
    parenthetical=st.none() | ROW,
    marker=MARKER,
)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Draw a take in which every text is hostile."""
    scenes = [{"heading": {"place": draw(ROW), "time": draw(ROW | st.none())}} for _ in range(2)]
    cast = [{"persona": {"name": draw(ROW), "age": draw(ROW | st.none()), "role": draw(HOSTILE)}}]
    turns = sorted(draw(st.lists(TURN, max_size=8)), key=lambda turn: turn.scene)
    scenario = {"logline": draw(HOSTILE), "tone": draw(ROW), "cast": cast, "scenes": scenes}
    return Transcript(draw(HOSTILE), scenario, {"version": draw(ROW), "started": draw(ROW)}, tuple(turns))
