"""What the Big Five do on the stage: the table, the shifted values, and the words for a writer."""

import itertools
import re
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest

from agents import psychology
from agents.casting import cast_next
from agents.psychology import LINE, Disposition, Row, disposition, in_words, table
from emotion import dynamics
from scenarios import Persona, Temperament, Traits, load_persona
from transcript.turn import Turn

ROOT = Path(psychology.__file__).parent.parent
PERSONAS = sorted((ROOT / "scenarios" / "shipped" / "personas").glob("*.yaml"))
DOCS = (ROOT / "docs" / "psychology.md").read_text(encoding="utf-8")
TRAITS = [field.name for field in fields(Traits)]
NEUTRAL = Disposition(0.5, 0.5, 1.0, 1.0, 0.0)
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
HANGUL = re.compile("[가-힣]")


def _somebody(volatility=0.5, talkativeness=0.5, **traits):
    return Persona(
        name="명희", traits=Traits(**traits), emotion=Temperament(volatility=volatility), talkativeness=talkativeness
    )


def _part(name):
    return DOCS.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- /{name} -->")[0]


def _effect(row):
    if row.unit == "factor":
        return f"×{row.coefficient:.2f}"
    return f"{row.coefficient:+.2f} of {'0..1' if row.unit == 'slider' else '-1..1'}"


def _rendered(rows):
    return [f"| {r.consequence} | {r.trait} | {_effect(r)} | {r.finding} | {r.source} | {r.checked} |" for r in rows]


def _worked(persona):
    values = ", ".join(f"{key} {value:.2f}" for key, value in asdict(disposition(persona)).items())
    return [f"**{persona.name}**: {values}", "", *(f"- {line}" for line in in_words(persona, "ko"))]


def test_neutral_traits_change_nothing():
    assert disposition(Persona(name="명희")) == NEUTRAL
    assert disposition(_somebody(0.85, 0.15)) == replace(NEUTRAL, volatility=0.85, talkativeness=0.15)


def test_each_row_names_a_trait_a_field_and_a_known_unit():
    assert len(table()) == len({(row.consequence, row.trait) for row in table()})
    for row in table():
        assert row.trait in TRAITS
        assert hasattr(NEUTRAL, row.consequence)
        assert row.unit == {"contagion": "factor", "length": "factor", "half_life": "factor", "rest": "valence"}.get(
            row.consequence, "slider"
        )
        assert re.search(r"\b(19|20)\d\d\b", row.source), "a source has a year"
        assert row.checked in {"abstract", "account"}
    assert {row.consequence for row in table()} == {field.name for field in fields(Disposition)}


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row.trait}-{row.consequence}")
def test_a_trait_at_its_ends_does_what_its_row_says(row: Row):
    low, high = (getattr(disposition(_somebody(**{row.trait: end})), row.consequence) for end in (0.0, 1.0))
    middle = getattr(NEUTRAL, row.consequence)
    if row.unit == "factor":
        assert (low, high) == pytest.approx((middle / row.coefficient, middle * row.coefficient))
    else:
        assert (low, high) == pytest.approx((middle - row.coefficient, middle + row.coefficient))


@pytest.mark.parametrize(("trait", "field"), list(itertools.product(TRAITS, [f.name for f in fields(Disposition)])))
def test_each_value_is_monotone_in_each_trait(trait, field):
    rows = [row for row in table() if (row.trait, row.consequence) == (trait, field)]
    for others in STEPS:
        base = dict.fromkeys(TRAITS, others)
        values = [getattr(disposition(_somebody(**{**base, trait: step})), field) for step in STEPS]
        if not rows:
            assert len(set(values)) == 1, "a trait without a row changes nothing"
        elif rows[0].coefficient > (1.0 if rows[0].unit == "factor" else 0.0):
            assert values == sorted(values) and values[0] < values[-1]
        else:
            assert values == sorted(values, reverse=True) and values[0] > values[-1]


def test_volatility_and_talkativeness_stay_in_0_to_1():
    stormy = disposition(_somebody(1.0, 1.0, neuroticism=1.0, extraversion=1.0))
    steady = disposition(_somebody(0.0, 0.0, neuroticism=0.0, extraversion=0.0))
    assert (stormy.volatility, stormy.talkativeness) == (1.0, 1.0)
    assert (steady.volatility, steady.talkativeness) == (0.0, 0.0)


def test_the_strongest_contagion_is_still_a_share():
    widest = disposition(_somebody(1.0, agreeableness=1.0, neuroticism=1.0)).contagion
    assert dynamics.CONTAGION * dynamics.REACTIVITY[1] * widest < 1.0


def test_a_neurotic_person_needs_longer_though_volatility_alone_would_be_quicker():
    calm, tense = _somebody(neuroticism=0.2), _somebody(neuroticism=0.8)
    assert disposition(tense).volatility > disposition(calm).volatility
    lasts = [psychology._counted(disposition(person))["lasts"] for person in (calm, _somebody(), tense)]
    assert lasts == sorted(lasts)


def test_a_neutral_persona_has_nothing_that_stands_out():
    assert in_words(Persona(name="명희"), "ko") == ("두드러진 데가 없다. 남들만큼 흔들리고 남들만큼 말한다.",)
    assert in_words(Persona(name="명희"), "en") == ("Nothing stands out: moved as much as anybody, and talks as much.",)


def test_a_slight_lean_is_not_worth_a_sentence():
    assert in_words(_somebody(0.45, 0.55, **dict.fromkeys(TRAITS, 0.55)), "ko") == in_words(_somebody(), "ko")


def test_the_words_of_a_talker_who_is_easily_shaken():
    assert in_words(_somebody(0.7, 0.7, extraversion=0.9, agreeableness=0.1, neuroticism=0.9), "ko") == (
        "쉽게 흔들린다. 눈앞에서 일이 터지면 마음이 열 걸음 가운데 일곱 걸음을 단숨에 간다. 보통은 다섯 걸음이다.",
        "남의 마음이 쉽게 옮는다. 사랑하는 사람의 울먹이는 한마디에 열 걸음 가운데 다섯 걸음 반을 따라간다. 보통은 네 걸음이다.",
        "금세 잦아든다. 기쁨이든 화든 대사 세 줄이면 반으로 준다. 보통은 네 줄이다.",
        "말이 많다. 셋이 있으면 서른 줄 가운데 열두 줄을 차지한다. 보통은 열 줄이다. 둘뿐이면 번갈아 말한다.",
        "말이 길다. 대사 한 줄이 열아홉 자쯤 된다. 보통은 열다섯 자다.",
        "싫은 소리를 돌려 하지 않는다. 아니다 싶으면 그 자리에서 아니라고 한다.",
    )


def test_twenty_is_said_as_it_is_counted():
    assert "말이 길다. 대사 한 줄이 스무 자쯤 된다. 보통은 열다섯 자다." in in_words(
        _somebody(extraversion=1.0, openness=0.6), "ko"
    )


def test_the_words_of_somebody_steady_and_quiet():
    assert in_words(_somebody(0.2, 0.2, extraversion=0.2, neuroticism=0.1, conscientiousness=0.1), "en") == (
        "Hard to shake: when something happens, the heart goes only 2.5 of ten steps its way; usually 5.",
        "Catches little: a tearful line from somebody loved takes them only 2 of ten steps along; usually 4.",
        "Slow to let go: counted in lines, joy or anger halves in 7; usually in 4.",
        "Quiet: among three, only 8 of thirty lines are theirs; usually 10. Two alone take turns.",
        "Short lines: about 13 letters each; usually 15.",
    )


@pytest.mark.parametrize("language", ["ko", "en"])
def test_both_ends_of_every_figure_have_words_without_a_gap(language):
    said = set()
    for ends in itertools.product((0.0, 0.5, 1.0), repeat=len(TRAITS)):
        for written in (0.0, 1.0):
            said.update(in_words(_somebody(written, written, **dict(zip(TRAITS, ends, strict=True))), language))
    openings = {re.split("[.:]", sentence)[0] for sentence in said}
    assert len(openings) == 14
    for sentence in said:
        assert sentence.endswith(".")
        assert not re.search(r"[{}]|  |가운데 (걸음|칸|줄)|\b0\b", sentence)
        assert bool(HANGUL.search(sentence)) == (language == "ko")


@pytest.mark.parametrize(
    ("name", "value", "opening"),
    [
        ("EVENT", 0.3, "쉽게 흔들린다"),
        ("CONTAGION", 0.2, "남의 마음이 쉽게 옮는다"),
        ("HALF_LIFE", (16.0, 4.0), "금세 잦아든다"),
    ],
)
def test_the_words_follow_the_rules_of_dynamics(monkeypatch, name, value, opening):
    stormy = _somebody(1.0)
    before = next(sentence for sentence in in_words(stormy, "ko") if sentence.startswith(opening))
    monkeypatch.setattr(dynamics, name, value)
    after = next(sentence for sentence in in_words(stormy, "ko") if sentence.startswith(opening))
    assert before != after


def test_lines_of_thirty_rise_with_talkativeness_from_ten_at_neutral():
    counts = [round(30 * psychology._share(talkativeness / 10)) for talkativeness in range(11)]
    assert counts == sorted(counts)
    assert counts[5] == 10
    assert counts[0] < 10 < counts[10]


@pytest.mark.parametrize("talkativeness", [0.0, 0.5, 1.0])
def test_two_alone_take_turns_whatever_their_talkativeness(talkativeness):
    turns = []
    for _ in range(12):
        choice = cast_next(["민수", "지은"], turns, {"민수": (), "지은": ()}, {"민수": talkativeness, "지은": 0.5})
        turns.append(Turn(1, 1, 1, "dialogue", "비가 오네.", speaker=choice.name, present=("민수", "지은")))
    assert all(a.speaker != b.speaker for a, b in itertools.pairwise(turns))


def test_the_usual_line_is_as_long_as_the_shipped_examples():
    voices = [load_persona(path).voice for path in PERSONAS]
    lengths = [sum(char.isalnum() for char in line) for voice in voices for line in voice.examples]
    assert len(lengths) > 100
    assert round(sum(lengths) / len(lengths)) == LINE


def test_the_table_of_the_page_is_the_table_of_the_code():
    assert _part("table").splitlines()[2:] == _rendered(table())


def test_the_worked_example_of_the_page_is_what_comes_out():
    folder = PERSONAS[0].parent
    people = [load_persona(folder / f"{name}.yaml") for name in ("민수", "지은")]
    assert _part("example").splitlines() == [*_worked(people[0]), "", *_worked(people[1])]
