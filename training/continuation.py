"""From a finished script to files that go on with it: a persona for each character, and a scenario after the last scene.

Every value is measured in the lines. What a script does not say (want, fear, secrets) stays empty for the writer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from agents.calling import terms
from agents.guards import Rules, fault, similarity
from agents.names import with_particle
from agents.speech import levels_of, mismatch
from emotion.measure import ClassifierEmotion, Reading
from scenarios.values import Level, Persona, Temperament, Voice
from scenarios.writing import persona_yaml, rows_yaml
from training.addressees import level_of
from training.script import Manner, SceneRead, Script, Spoken
from transcript.errors import UsageError
from transcript.exports import safe_name
from transcript.record import write_atomically

EXAMPLES = 10
MAX_CAST = 12
_FEWEST = 2  # lines from which somebody gets a persona, unless they stand in the last scene
_SAYINGS, _TWICE, _OFTENER = 4, 2, 3.0  # at most so many, said so often, and so many times as often as by the others
_SHORT, _LONG = 8, 45  # letters of a good example
_ALIKE = 0.4
_FELT, _LABELS = 0.08, 3  # mean strength from which a label belongs to somebody's baseline, and how many do
_ENOUGH = 8  # lines from which volatility and style are told
_EVERYBODYS = frozenset(
    "네 예 응 어 아 아니 아니요 아니에요 그래 그래요 "
    "뭐 뭐야 왜 왜요 그럼 됐어 됐어요 알았어 알았어요 맞아 맞아요 저기 저기요 진짜 정말".split()
)
_INSIDE = (("실내", True), ("실외", False), ("INT", True), ("EXT", False), ("안", True), ("밖", False))
_TIMES = "새벽|아침|오전|정오|낮|점심|오후|해\\s?질\\s?녘|석양|저녁|밤|심야|한밤|동틀\\s?녘"


@dataclass(frozen=True)
class Portrait:
    """What was measured of one character: `felt` is the mean strength 0..1 of their strongest labels, `valence` -1..1."""

    persona: Persona
    lines: int
    toward: Mapping[str, Manner]
    felt: Mapping[str, float]
    valence: float


def portraits(script: Script, emotion: ClassifierEmotion) -> list[Portrait]:
    """Return a portrait of everybody with lines enough, the most talkative first, at most MAX_CAST of them."""
    last = last_scene(script)
    cast = [p.name for p in script.people if len(script.of(p.name)) >= _FEWEST or (last and p.name in last.present)]
    spoken = [line for line in script.lines if line.speaker]
    readings = dict(zip(spoken, emotion.readings([line.text for line in spoken]), strict=True))
    steady = pstdev(reading.valence for reading in readings.values()) or 1.0
    found = []
    for name in cast[:MAX_CAST]:
        person = next(p for p in script.people if p.name == name)
        mine = script.of(name)
        own = [readings[line] for line in mine]
        texts = [line.text for line in mine]
        others = [line.text for line in spoken if line.speaker != name]
        toward = {to: manner for (who, to), manner in script.manners.items() if who == name}
        level = _usual(toward) or level_of((text, 1.0) for text in texts)[0]
        felt = _felt(own)
        spread = pstdev(reading.valence for reading in own) if len(own) >= _ENOUGH else steady
        voice = Voice(_style(texts, others), level, sayings(texts, others), examples(name, texts, level, own))
        persona = Persona(
            name=name,
            aliases=person.labels[1:],
            age=person.age,
            role=person.role,
            voice=voice,
            emotion=Temperament(felt, round(min(0.95, max(0.05, 0.5 * spread / steady)), 2)),
            talkativeness=_share(script, name),
        )
        found.append(Portrait(persona, len(mine), toward, felt, round(fmean(r.valence for r in own), 2)))
    return found


def write(script: Script, found: Sequence[Portrait], out: Path | None, source: Path, *, goes_on: bool) -> list[Path]:
    """Write the personas, and with `goes_on` the scenario after the last scene, into a new folder; return the paths.

    Above each persona stands in comments what was counted. Raises UsageError rather than write over a file.
    """
    folder = out or Path(safe_name(script.title))
    names = _files(portrait.persona.name for portrait in found)
    texts = {folder / names[p.persona.name]: _counted(p, source) + persona_yaml(p.persona) for p in found}
    if goes_on:
        note = f"# {source.name}의 마지막 장면에서 이어진다. 높임과 호칭은 대본에서 센 것이고, 목표와 비밀은 작가가 쓴다.\n"
        title = safe_name(script.title)
        texts[folder / f"{title}.yaml"] = note + rows_yaml(going_on(script, names))
    for path in texts:
        if path.exists():
            raise UsageError(f"{path} is there already; choose another --out folder")
    for path, text in texts.items():
        write_atomically(path, text)
    return list(texts)


def _files(people: Iterable[str]) -> dict[str, str]:
    """Return a file for each name; two names that some file system takes for one (Amy and amy, A/B and A:B) get two."""
    found: dict[str, str] = {}
    taken = set[str]()
    for name in people:
        stem = made = safe_name(name)
        count = 1
        while made.casefold() in taken:
            count += 1
            made = f"{stem}-{count}"
        taken.add(made.casefold())
        found[name] = f"personas/{made}.yaml"
    return found


def _counted(portrait: Portrait, source: Path) -> str:
    rows = [f"# {source.name}에서 센 것: 대사 {portrait.lines}줄. 설정, 욕망, 두려움, 비밀은 작가가 쓴다."]
    for to, manner in sorted(portrait.toward.items(), key=lambda item: -item[1].lines):
        level = f", {manner.level} {manner.share:.0%}" if manner.level else ""
        rows.append(f"# → {to}: {manner.lines}줄{level}{f', {manner.address}' if manner.address else ''}")
    return "\n".join(rows) + "\n"


def last_scene(script: Script) -> SceneRead | None:
    """Return the last scene in which somebody speaks."""
    return next((scene for scene in reversed(script.scenes) if scene.present), None)


def going_on(script: Script, cast: Mapping[str, str]) -> dict[str, Any]:
    """Return a scenario, under the keys of its file, that goes on from the last scene; `cast` maps names to persona files.

    Present are those of the last scene, relations are as measured, nobody knows anything special, and one beat is open.
    """
    scene = last_scene(script)
    present = [name for name in (scene.present if scene else ()) if name in cast] or list(cast)
    spoken = [line for line in script.lines if line.speaker in present]
    relations = []
    for (who, to), manner in sorted(script.manners.items()):
        if who in cast and to in cast and (manner.level or manner.address):
            row: dict[str, Any] = {"from": who, "to": to}
            row |= {"level": manner.level} if manner.level else {}
            relations.append(row | ({"address": manner.address} if manner.address else {}))
    action = list(scene.actions[-1:] if scene else ())
    if spoken:
        action.append(f"{spoken[-1].speaker}의 마지막 말이 아직 남아 있다. “{spoken[-1].text.strip('“”')}”")
    beat: dict[str, Any] = {"goal": _goal(present, spoken[-1] if spoken else None), "turns": [4, 12]}
    return {
        "title": f"{script.title}, 그 뒤"[:80],
        "cast": list(cast.values()),
        **({"relations": relations} if relations else {}),
        "scenes": [
            {
                "heading": heading(scene.heading if scene else ""),
                "present": present,
                **({"action": "\n".join(action)} if action else {}),
                "beats": [beat],
            }
        ],
    }


def heading(text: str) -> dict[str, Any]:
    """Return place, time and inside of a heading in any layout: `S#.1 경찰서 (낮/ 안)`, `INT. 카페 - 낮`."""
    bare = re.sub(
        r"^(?:S\s?#\.?\s?|씬\s?#?\s?|Scene\s?#?|#\s?)\d*[A-Za-z]?(?:-\d+)?[.)]?\s*", "", text.strip(), flags=re.I
    )
    inside = next(
        (value for word, value in _INSIDE if re.search(rf"(?<![가-힣A-Za-z]){word}\.?(?![가-힣A-Za-z])", bare)), None
    )
    bare = re.sub(r"^(?:INT|EXT|I/E)[./ ]+\s*", "", bare, flags=re.I)
    time = re.search(rf"(?<![가-힣])(?:{_TIMES})(?![가-힣])", bare)
    bare = re.sub(r"\s*[(（][^()（）]*[)）]\s*$", "", bare)
    place = re.sub(rf"(?:\s*[/,–-]\s*(?:{_TIMES}|안|밖|실내|실외))+\s*$", "", bare).strip(" /-,.")
    found: dict[str, Any] = {"place": place} if place else {}
    found |= {"time": time[0]} if time else {}
    return found | ({"inside": inside} if inside is not None else {})


def sayings(mine: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Return what one says again and again, and far more often than the others: short clauses, and runs of two or three words."""
    own, theirs = _phrases(mine), _phrases(others)
    least = max(_TWICE, len(mine) // 40)
    found = [
        (count * len(phrase), phrase)
        for phrase, count in own.items()
        if count >= least and count / len(mine) >= _OFTENER * theirs[phrase] / max(1, len(others))
    ]
    kept: list[str] = []
    for _, phrase in sorted(found, reverse=True):
        if not any(phrase in other or other in phrase for other in kept):
            kept.append(phrase)
    return tuple(f"{phrase}." for phrase in kept[:_SAYINGS])


def _phrases(lines: Sequence[str]) -> Counter[str]:
    """Return in how many lines each phrase stands; terms of address and everybody's words are none."""
    found = Counter[str]()
    for line in lines:
        phrases: set[str] = set()
        for clause in re.split(r"[.!?…~,“”\"]+", line):
            words = clause.split()
            phrases.add(" ".join(words))
            phrases |= {" ".join(words[i : i + n]) for n in (2, 3) for i in range(len(words) - n + 1)}
        called = set(terms(line))
        found.update(p for p in phrases if 2 <= len(p) <= 14 and p not in _EVERYBODYS and p not in called)
    return found


def examples(name: str, lines: Sequence[str], level: str | None, readings: Sequence[Reading]) -> tuple[str, ...]:
    """Return up to EXAMPLES whole lines of `name` at `level`, different in words and in feeling, the most telling first."""
    rules = Rules(name, {name: ()}, None)
    pool = []
    for text, reading in zip(lines, readings, strict=True):
        letters = sum(char.isalnum() for char in text)
        whole = levels_of(text) and not mismatch(text, level) and not fault(text, rules)
        if whole and _SHORT <= letters <= _LONG:
            pool.append((text, reading, letters))
    kept: list[tuple[str, Reading]] = []
    while pool and len(kept) < EXAMPLES:

        def worth(item: tuple[str, Reading, int]) -> float:
            text, reading, letters = item
            alike = max((similarity(text, other) for other, _ in kept), default=0.0)
            near = min((abs(reading.valence - other.valence) for _, other in kept), default=0.5)
            return 0.5 * reading.intensity + 0.5 * min(1.0, letters / 20) + near - 2.0 * alike

        best = max(pool, key=worth)
        pool.remove(best)
        if all(similarity(best[0], other) < _ALIKE for other, _ in kept):
            kept.append(best[:2])
    return tuple(text for text, _ in kept)


def _usual(toward: Mapping[str, Manner]) -> Level | None:
    """Return the level at which most of the lines are said, by pairs: somebody may speak to each at another."""
    lines = Counter[Level]()
    for manner in toward.values():
        if manner.level:
            lines[manner.level] += manner.lines
    return max(lines, key=lambda level: lines[level], default=None)


def _felt(readings: Sequence[Reading]) -> dict[str, float]:
    """Return the labels that are strongest on the average over the lines."""
    sums = Counter[str]()
    for reading in readings:
        sums.update(reading.labels)
    means = {label: total / len(readings) for label, total in sums.most_common(_LABELS)}
    return {label: round(mean, 2) for label, mean in means.items() if mean >= _FELT}


def _style(mine: Sequence[str], others: Sequence[str]) -> str:
    """Return in words in what the lines differ from those of the others; "" where in nothing."""
    if len(mine) < _ENOUGH or not others:
        return ""

    def share(lines: Sequence[str], pattern: str) -> float:
        return sum(bool(re.search(pattern, line)) for line in lines) / len(lines)

    length = fmean(map(len, mine)) / fmean(map(len, others))
    parts = ["문장이 짧다"] if length < 0.8 else ["문장이 길다"] if length > 1.25 else []
    for pattern, words in (
        (r"(?:…|\.\.)\W*$", "끝을 흐린다"),
        (r"\?\W*$", "자주 되묻는다"),
        (r"!", "소리를 높인다"),
        (r",", "말을 이어 붙인다"),
    ):
        own, usual = share(mine, pattern), share(others, pattern)
        if own >= 0.2 and own >= 1.6 * usual:
            parts.append(words)
    return ". ".join(parts) + "." if parts else ""


def _share(script: Script, name: str) -> float:
    """Return talkativeness 0..1: half for as many lines as the others in the same scenes."""
    mine = len(script.of(name))
    scenes = {line.scene for line in script.of(name)}
    spoken = [line.speaker for line in script.lines if line.speaker and line.scene in scenes]
    return round(min(0.95, max(0.05, 0.5 * mine * len(set(spoken)) / len(spoken))), 2)


def _goal(present: Sequence[str], last: Spoken | None) -> str:
    """Return the open beat: whoever was spoken to last answers."""
    answers = [name for name in present if last and name != last.speaker]
    if not last or not answers:
        return f"{with_particle(present[0], '이', '가')} 혼자 남아 다음 일을 정한다"
    other = with_particle(last.to if last.to in answers else answers[0], "이", "가")
    return f"{last.speaker}의 마지막 말에 {other} 대답하고 {with_particle(last.speaker, '은', '는')} 물러서지 않는다"
