"""What a finished script says about its people: who speaks to whom, at which level, by what name, with which words.

Any layout that `training.clean` reads will do. What is found is counted, never guessed: a pair whose lines carry no ending has
no level, and a script that repeats nothing has no sayings.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from agents.calling import terms
from agents.names import called, given_name, titles
from agents.speech import read
from scenarios.values import Level
from training.clean import structure
from training.documents import Unreadable, read_document
from transcript.errors import FileError
from transcript.reading import read_script

_GROUP = re.compile(
    r"(?:모두|일동|전원|다\s?같이|다들|함께|동시에|두\s?사람|세\s?사람|둘|셋|사람들|군중|아이들|학생들)(?: 다)?"
)
_BRACKETS = re.compile(r"\s*[(（\[][^()（）\[\]]*[)）\]]")
_VOICE = re.compile(
    r"(?:\s+(?:E|N|F|NA|O\.?L|[VO]\.?\s?[OLS]\.?|off)|\s*(?:의\s)?(?:목소리|소리|내레이션|전화|무전|필터)"
    r"|(?<=[가-힣])(?:E|N|F|NA))\.?$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\s?[/&,·]\s?")
_TOWARD = re.compile(
    r"(?P<who>[가-힣A-Za-z0-9 ]{1,16}?)(?:에게|한테|께|더러|(?:을|를)\s(?:보며|보고|향해|돌아보며|노려보며))"
)
_CAST_ROW = re.compile(
    r"^[-•*·]?\s*(?P<name>[가-힣A-Za-z0-9][가-힣A-Za-z0-9 ]{0,15}?)\s*"
    r"(?:[(（](?P<age>[^()（）]{1,12})[)）]|[,，]\s*(?P<age2>\d{1,3})\s?세?)?\s*(?:[:：,，|\t–—-]\s*(?P<role>\S.*))?$"
)
_CAST_HEAD = re.compile(r"[\[<【]?\s*(?:등장\s?인물|나오는\s?(?:사람|이)들?|배역|인물\s?소개|인물)\s*[\]>】]?\s*[:：]?")
_BROKEN = re.compile(r"(?:[가-힣]?(?:요|죠|다|까)|은|는|을|를|이|가|에|의|도|고|서|지|네|야|라고요?)(?=[.,!?…~\s]|$)")
# Shares of a pair's votes, set on the marked scripts of odd number (benchmarks/extract.py).
_FORMAL, _PLAIN = 0.35, 0.34
_GUESSED = 0.5  # vote of a line of which only its neighbours say to whom it is said


@dataclass(frozen=True)
class Spoken:
    """A line as somebody says it: `line` counts from 1 in the text, `scene` from 1 (0 before the first heading).

    `speaker` is the character, not the label; "" for several at once. `to` is whom they speak to, "" when nobody answers or is
    called; `sure` says that the text names them.
    """

    line: int
    scene: int
    speaker: str
    text: str
    to: str = ""
    sure: bool = False


@dataclass(frozen=True)
class Manner:
    """How one speaks to another: number of lines, level and its share of those that carry an ending, term of address or ""."""

    lines: int
    level: Level | None
    share: float
    address: str


@dataclass(frozen=True)
class Person:
    """A character of the script: the labels under which they speak (the name first), what the cast list says of them."""

    name: str
    labels: tuple[str, ...]
    age: str = ""
    role: str = ""


@dataclass(frozen=True)
class SceneRead:
    """A scene: its heading as written, its action lines, and who speaks in it in the order of their first line."""

    heading: str
    actions: tuple[str, ...]
    present: tuple[str, ...]


@dataclass(frozen=True)
class Script:
    """A script by its people: the most talkative first; `manners` by (who, to whom)."""

    title: str
    people: tuple[Person, ...]
    lines: tuple[Spoken, ...]
    manners: Mapping[tuple[str, str], Manner]
    scenes: tuple[SceneRead, ...]

    def of(self, name: str) -> tuple[Spoken, ...]:
        """Return the lines of one character."""
        return tuple(line for line in self.lines if line.speaker == name)


@dataclass(frozen=True)
class _Row:
    """A row of any layout: `kind` is heading, action, note or dialogue; `label` is the speaker as written.

    `toward` is the acting direction; a row that `goes_on` belongs to the speech of the row before.
    """

    line: int
    kind: str
    text: str
    label: str = ""
    toward: str = ""
    goes_on: bool = False


def read_people(path: Path) -> Script:
    """Read the script at `path`; raises FileError for a file that cannot be read or in which nobody speaks."""
    rows = _rows(path)
    labels = [row.label for row in rows if row.kind == "dialogue" and row.label]
    if not labels:
        raise FileError(
            path, "no line with a speaker was found; write `이름: 대사`, or a tab, or the name on a line of its own"
        )
    notes = _cast_list(rows)
    names = _merged(labels, rows, notes)
    spoken, scenes = _scenes(rows, names)
    counts = Counter(line.speaker for line, _ in spoken if line.speaker)
    people = tuple(
        Person(name, _labels_of(name, labels, names), *_about(name, rows, notes)) for name, _ in counts.most_common()
    )
    forms = _forms(people)
    lines = _addressed(spoken, forms)
    return Script(_title(rows, path), people, tuple(lines), _manners(lines, forms), tuple(scenes))


# --- rows of any layout


def _rows(path: Path) -> list[_Row]:
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        return _jsonl(path)
    if suffix in (".fountain", ".md", ".json"):
        found = [_Row(line.line, line.kind, line.text, line.speaker or "") for line in read_script(path)]
        if any(row.kind == "dialogue" for row in found):
            return found
    try:
        text = "\n".join(read_document(path, columns=True).pages)
        if suffix == ".pdf" and not any(line.speaker for line in structure(text)):
            text = "\n".join(read_document(path).pages)
    except Unreadable as error:
        raise FileError(path, str(error)) from error
    if suffix == ".md":
        text = re.sub(r"[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}|^>\s?|^#+\s*(?=\S)", "", text, flags=re.MULTILINE)
    return _structured(text)


def _structured(text: str) -> list[_Row]:
    """Return the rows of plain text; a direction on a row of its own goes to the speech below it."""
    rows: list[_Row] = []
    toward, named = "", True
    for line in structure(text):
        if line.part == "parenthetical":
            toward = line.text
        elif line.part == "name":
            named = True
        elif line.part == "dialogue":
            opening = re.match(r"[^(（]{0,30}?[(（]([^()（）]*)[)）]", line.text)
            bare_row = line.text == line.said or line.text.startswith(("(", "（"))
            goes_on = bare_row and not named and bool(rows) and rows[-1].label == line.speaker != ""
            toward = toward or (opening[1] if opening else "")
            rows.append(_Row(line.line, "dialogue", line.said, line.speaker, toward, goes_on))
            toward, named = "", False
        elif line.part in ("heading", "action", "note"):
            rows.append(_Row(line.line, line.part, line.text))
    return rows


def _jsonl(path: Path) -> list[_Row]:
    """Read one JSON object a line: `text`, and `speaker` where somebody says it (turns of a transcript have both)."""
    rows: list[_Row] = []
    try:
        texts = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(path, f"cannot be read as UTF-8 text ({error}); save it again") from error
    scene: object = None
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except ValueError as error:
            raise FileError(path, f"is no JSON object ({error}); write one object a line", line=number) from error
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise FileError(path, 'has no text; write {"speaker": …, "text": …}', line=number)
        if row.get("scene") != scene and isinstance(row.get("scene"), int):
            scene = row["scene"]
            rows.append(_Row(number, "heading", f"S#{scene}."))
        speaker = unicodedata.normalize("NFC", str(row.get("speaker") or ""))
        kind = "dialogue" if speaker else "heading" if row.get("kind") == "heading" else "action"
        rows.append(_Row(number, kind, unicodedata.normalize("NFC", row["text"]), speaker))
    return rows


# --- names


def bare(label: str) -> str:
    """Return the name in a label: 지은 of `지은 E`, `지은(E)`, `지은 (전화)`, `지은E`, `지은의 목소리`."""
    name = _BRACKETS.sub("", label).strip(" .·-•*:：\t@^")
    return _VOICE.sub("", name).strip() or name


def _parts(label: str, known: Iterable[str]) -> list[str]:
    """Return the names in a label: two of `경민/노감독`, one of `송·이 법무사` unless its parts speak by themselves."""
    name = bare(label)
    parts = [bare(part) for part in _SEVERAL.split(name) if part.strip()]
    keys = {_key(one) for one in known}
    return parts if len(parts) > 1 and ("/" in name or any(_key(part) in keys for part in parts)) else [name]


def _key(name: str) -> str:
    return re.sub(r"\s", "", name)


def _merged(labels: Sequence[str], rows: Sequence[_Row], notes: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the name of the character for every name in the labels, several ways of writing one made one.

    Spaces do not count (노 감독, 노감독), and a full name is its given name where only one has it and the two do not speak
    to each other.
    """
    alone = [bare(label) for label in labels if not _SEVERAL.search(bare(label))]
    counts = Counter(_key(name) for name in alone)
    spelt: dict[str, Counter[str]] = defaultdict(Counter)
    for name in alone:
        spelt[_key(name)][name] += 1
    names = {key: spellings.most_common(1)[0][0] for key, spellings in spelt.items()}
    listed = {_key(name): name for name in notes}
    names.update({key: listed[key] for key in names if key in listed})
    said = [_key(bare(row.label)) for row in rows if row.kind == "dialogue" and row.label]
    neighbours = set(map(frozenset, pairwise(said)))
    for key in sorted(names, key=len, reverse=True):
        given = given_name(key)
        owners = [other for other in names if other != given and given_name(other) == given]
        if given != key and given in names and len(owners) == 1 and frozenset((key, given)) not in neighbours:
            keep, drop = (key, given) if counts[key] > counts[given] else (given, key)
            names[drop] = names[keep]
    for label in labels:
        for part in _parts(label, names.values()):
            names.setdefault(_key(part), part)
    return names


def _labels_of(name: str, labels: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ways in which a character's name is written, without voice marks, the name first."""
    ways = Counter(bare(label) for label in labels if names.get(_key(bare(label))) == name)
    return (name, *(way for way, _ in ways.most_common() if way != name))


def _forms(people: Sequence[Person]) -> dict[str, tuple[str, ...]]:
    """Return every character's nicknames by which others may call them: other spellings, and an office only one of them has."""
    offices: dict[str, list[str]] = defaultdict(list)
    for person in people:
        if title := _office(person.name):
            offices[title].append(person.name)
    own = {who[0]: office for office, who in offices.items() if len(who) == 1}
    return {
        person.name: tuple(dict.fromkeys((*person.labels[1:], *([own[person.name]] if person.name in own else []))))
        for person in people
    }


def _office(name: str) -> str:
    """Return the office with which a label ends: 감독 of 노감독, 선생 of 배 선생, 국장 of 국장; "" without one."""
    return next(
        (
            word
            for word in titles()
            if len(word) >= 2 and 0 <= len(_key(name)) - len(word) <= 3 and _key(name).endswith(word)
        ),
        "",
    )


# --- what stands about people outside their lines


def _cast_list(rows: Sequence[_Row]) -> dict[str, tuple[str, str]]:
    """Return (age, role) by name from the cast list before the first scene."""
    found: dict[str, tuple[str, str]] = {}
    listing = False
    for row in rows:
        if row.kind == "heading":
            break
        if row.kind == "dialogue":
            continue
        text = row.text.strip()
        if _CAST_HEAD.fullmatch(text):
            listing = True
            continue
        match = _CAST_ROW.match(text) if listing else None
        if match and (match["age"] or match["age2"] or match["role"]):
            found[match["name"].strip()] = (_age(match["age"] or match["age2"] or ""), (match["role"] or "").strip())
    return found


def _age(text: str) -> str:
    number = re.fullmatch(r"\s*(\d{1,3})\s*(?:세|살)?\s*", text)
    return number[1] if number else text.strip()


def _about(name: str, rows: Sequence[_Row], notes: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Return age and role: of the cast list, or the age behind the name where an action line brings them in, 미래(17)가."""
    if name in notes:
        return notes[name]
    pattern = re.compile(rf"(?<![가-힣]){re.escape(name)}\s?[(（](?:\D{{0,3}})(\d{{1,3}})(?:세|살)?(?:[^()（）]*)[)）]")
    ages = (pattern.search(row.text) for row in rows if row.kind == "action")
    return next((match[1] for match in ages if match), ""), ""


def _title(rows: Sequence[_Row], path: Path) -> str:
    first = next((row for row in rows if row.kind != "note" or row.text.strip()), None)
    if first is None or first.kind not in ("note", "action") or not any(row.kind == "heading" for row in rows):
        return path.stem
    text = re.sub(r"^(?:제목|Title)\s*[:：]\s*", "", first.text.strip()).strip('<>《》「」『』[]【】"“”')
    return text if 0 < len(text) <= 40 and not text.endswith(("다.", ".")) else path.stem


# --- who speaks to whom


def _scenes(rows: Sequence[_Row], names: Mapping[str, str]) -> tuple[list[tuple[Spoken, str]], list[SceneRead]]:
    """Return every spoken line with its acting direction, and the scenes; speech that goes on over rows is one line."""
    lines: list[tuple[Spoken, str]] = []
    headings, actions = [""], defaultdict[int, list[str]](list)
    for row in rows:
        if row.kind == "heading":
            headings.append(row.text)
        elif row.kind in ("action", "prose"):
            actions[len(headings) - 1].append(row.text)
        elif row.kind == "dialogue" and row.label and row.text:
            parts = _parts(row.label, names.values())
            group = len(parts) > 1 or _GROUP.fullmatch(parts[0])
            speaker = "" if group else names[_key(parts[0])]
            if row.goes_on and lines:
                last, direction = lines[-1]
                lines[-1] = (replace(last, text=_joined(last.text, row.text)), direction)
                continue
            lines.append((Spoken(row.line, len(headings) - 1, speaker, row.text), row.toward))
    said = defaultdict[int, list[str]](list)
    for line, _ in lines:
        said[line.scene].append(line.speaker)
    scenes = [
        SceneRead(heading, tuple(actions[n]), tuple(dict.fromkeys(filter(None, said[n]))))
        for n, heading in enumerate(headings)
        if n or said[0]
    ]
    return lines, scenes


def _joined(text: str, more: str) -> str:
    """Return speech with its next row; an ending or a particle that was broken off its word goes back to it."""
    return text + more if _BROKEN.match(more) and re.search(r"[가-힣]$", text) else f"{text} {more}"


def _addressed(lines: Sequence[tuple[Spoken, str]], forms: Mapping[str, Sequence[str]]) -> list[Spoken]:
    """Return the lines with whom they are said to: named in the direction or called, the only other one there, or a neighbour.

    A term of address (오빠, 팀장님) that was once said to somebody for sure points to them again.
    """
    present = defaultdict[int, list[str]](list)
    for line, _ in lines:
        if line.speaker and line.speaker not in present[line.scene]:
            present[line.scene].append(line.speaker)
    found: list[Spoken] = []
    known: dict[tuple[str, str], str] = {}
    for line, direction in lines:
        others = [name for name in forms if name != line.speaker]
        here = [name for name in present[line.scene] if name != line.speaker]
        to = _directed(direction, others) or next(iter(called(line.text, {name: forms[name] for name in others})), "")
        said = terms(line.text)
        to = to or next((known[line.speaker, term] for term in said if (line.speaker, term) in known), "")
        sure = bool(to) or len(here) == 1
        to = to or (here[0] if len(here) == 1 else "")
        for term in said if sure and line.speaker else ():
            known.setdefault((line.speaker, term), to)
        found.append(replace(line, to=to, sure=sure))
    for n, line in enumerate(found):
        if line.to or not line.speaker:
            continue
        found[n] = replace(line, to=_neighbour(found, n, calls=bool(terms(line.text))))
    return _agreed(found)


def _agreed(lines: Sequence[Spoken]) -> list[Spoken]:
    """Return the lines so that one person calls only one other by a term: the one whom most of the lines with it go to."""
    meant: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for line in lines:
        for term in terms(line.text) if line.to else ():
            meant[line.speaker, term][line.to] += 1
    found = []
    for line in lines:
        owners = [meant[line.speaker, term].most_common(1)[0][0] for term in terms(line.text) if line.to]
        found.append(replace(line, to=owners[0]) if owners and not line.sure else line)
    return found


def _directed(direction: str, others: Sequence[str]) -> str:
    match = _TOWARD.search(direction)
    if not match:
        return ""
    who = _key(match["who"])
    return next((name for name in others if who.endswith((_key(name), given_name(_key(name))))), "")


def _neighbour(lines: Sequence[Spoken], n: int, *, calls: bool) -> str:
    """Return who was spoken to by the lines around: the one who spoke before, or after where nobody did."""
    line = lines[n]
    before = next(
        (o for o in reversed(lines[:n]) if o.scene != line.scene or o.speaker not in ("", line.speaker)), None
    )
    after = next((o for o in lines[n + 1 :] if o.scene != line.scene or o.speaker not in ("", line.speaker)), None)
    earlier = before.speaker if before and before.scene == line.scene else ""
    later = after.speaker if after and after.scene == line.scene else ""
    if calls and later:
        return later  # who is called answers
    mine = lines[n - 1] if n and lines[n - 1].scene == line.scene and lines[n - 1].speaker == line.speaker else None
    if mine and mine.to and not (after and after.to == line.speaker and later != mine.to):
        return mine.to
    if earlier and before and before.to not in (line.speaker, "") and before.sure and later:
        return later  # the one before spoke to somebody else
    return earlier or later


# --- how they speak


def _manners(lines: Sequence[Spoken], forms: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Manner]:
    found: dict[tuple[str, str], Manner] = {}
    pairs = sorted({(line.speaker, line.to) for line in lines if line.speaker and line.to})
    for who, to in pairs:
        mine = [line for line in lines if (line.speaker, line.to) == (who, to)]
        level, share = level_of((line.text, 1.0 if line.sure else _GUESSED) for line in mine)
        found[who, to] = Manner(len(mine), level, share, _address(mine, to, forms))
    return found


def level_of(lines: Iterable[tuple[str, float]]) -> tuple[Level | None, float]:
    """Return the speech level of weighted lines to one person, and its share of the sentences that carry an ending; None of none.

    Korean mixes: whoever speaks 합쇼체 also says 해요체 sentences, whoever speaks 해라체 also 해체 ones, so the higher or
    plainer of such two wins from a third of the sentences on.
    """
    found: dict[Level, float] = defaultdict(float)
    for text, weight in lines:
        for levels in read(text):
            for level in levels:
                found[level] += weight / len(levels)
    total = sum(found.values())
    if not total:
        return None, 0.0
    polite, plain = found["합쇼체"] + found["해요체"], found["해라체"] + found["해체"]
    best: Level = "하오체" if found["하오체"] > found["하게체"] else "하게체"
    if found[best] > max(polite, plain) * 0.5 and found[best] >= 1:
        level = best
    elif polite >= plain:
        level = "합쇼체" if found["합쇼체"] >= _FORMAL * polite else "해요체"
    else:
        level = "해라체" if found["해라체"] >= _PLAIN * plain else "해체"
    return level, round(found[level] / total, 2)


def _address(lines: Sequence[Spoken], to: str, forms: Mapping[str, Sequence[str]]) -> str:
    """Return how they are called most often: 지은아, 오빠, 팀장님; "" where they are never called."""
    found = Counter[str]()
    for line in lines:
        found.update(terms(line.text, (to, *forms.get(to, ()))))
    return max(found, key=lambda term: (found[term], len(term)), default="")
