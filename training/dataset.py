"""Training sequences: scenes as the engine's own prompts show them, in pieces that say where the loss is.

A sequence is world, heading and history; before some lines stands, as an aside, the tail that their speaker reads in play, and
what they say. What is spoken (after `name:` and its direction, with the line's newline) carries loss once, in the aside where
there is one; world, tails and names never do.
"""

from __future__ import annotations

import csv
import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from math import hypot
from pathlib import Path
from typing import Any

from agents import prompts
from agents.planning import part
from agents.speech import levels_of
from emotion import dynamics
from emotion.labels import families, valence_arousal
from model.template import TEMPLATE
from scenarios.values import Beat, CastMember, Heading, Persona, Scenario, Scene
from training.clean import CleanLine
from training.corpus import NEUTRAL, CorpusScene
from training.rows import CHATBOT, KOCONOVEL, OURS, Piece, Row
from transcript.errors import FileError
from transcript.record import Transcript
from transcript.turn import Cue, Emotion, Turn

TAIL_SHARE = 1 / 2  # of the spoken lines: with two draws of a scene most lines are said once in an aside
_ACTION_TAIL_SHARE = 1 / 2
_EXAMPLES = 2  # as agents.character shows
_LONGEST = prompts.WINDOW  # turns of a script in one row
_CARRIED = 6  # most turns before the last scene of a row: the history shows no more of earlier scenes
_WOMEN = ("수연", "미정", "영란", "경희", "보람", "순영", "다혜", "은채")
_MEN = ("동수", "기훈", "상철", "태식", "준오", "명환", "재필", "성우")
_PLACES = ("부엌", "버스 정류장", "편의점 앞", "옥상", "병원 복도", "사무실", "골목", "기차 안")
_OLD = re.compile(r"하우|구려|외다|소이다|습디다|올시다|(?:더니라|느니라|이니라)|으니까루")
_HEADING_MARK = re.compile(r"^(?:S#|#|씬|Scene)?\s*#?\d+[A-Za-z]?(?:-\d+)?[.)]?\s*", re.IGNORECASE)
_WRITTEN = re.compile(r"[가-힣0-9 ,.!?…]+[.!?…]")


def held_out(corpus: Path, scenes: Sequence[CorpusScene]) -> frozenset[str]:
    """Return the scenes never trained on, one name a line in `held_out.txt` of folder `corpus`, none where that is not there.

    Raises FileError for a scene that the corpus does not have.
    """
    file = corpus / "held_out.txt"
    if not file.exists():
        return frozenset()
    names, known = set(), {scene.name for scene in scenes}
    for number, row in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        name = unicodedata.normalize("NFC", row.strip())
        if name and not name.startswith("#"):
            if name not in known:
                raise FileError(file, f"{name!r} is no scene of the corpus; write the name of its file", line=number)
            names.add(name)
    return frozenset(names)


def corpus_row(scene: CorpusScene, rng: random.Random, share: float = TAIL_SHARE) -> Row:
    """Render a corpus scene with tails before `share` of its spoken lines and half of its action lines."""
    people = {persona.name: persona for persona in scene.scenario.personas}
    relations = {(relation.from_, relation.to): relation for relation in scene.scenario.relations}
    goal = scene.scenario.scenes[0].beats[0].goal
    felt = _felt(scene)

    def cued(at: int) -> str | None:
        if at == 0:
            return None
        line = scene.lines[at - 1]
        if not line.speaker or not line.to:
            return None
        emotion = {line.emotion: 1.0} if line.emotion and line.emotion != NEUTRAL else {}
        intention = part(goal, line.speaker, people) if rng.random() < 0.7 else ""
        persona = people[line.speaker]
        cue = Cue(line.speaker, (line.to,), intention, emotion, line.level, line.parenthetical or "")
        examples = rng.sample(persona.voice.examples, min(_EXAMPLES, len(persona.voice.examples)))
        feeling = dynamics.in_words(line.speaker, felt[at - 1][line.speaker])
        return prompts.tail(persona, cue, relations.get((line.speaker, line.to)), examples, feeling=feeling)

    turns = scene.turns()
    return Row(f"corpus/{scene.name}", pieces(scene.scenario, turns, cued, rng, share, turns[0]), OURS)


def line_prompts(scene: CorpusScene, place: int) -> dict[str, str]:
    """Return what stands before spoken line `place` (from 0): `layout` ends in the bare name, `persona` in the tail with its cue."""
    line, personas = scene.lines[place], {persona.name: persona for persona in scene.scenario.personas}
    if not line.speaker or not line.to:
        raise ValueError(f"{scene.name}: line {place} is not spoken to anybody")
    heard = prompts.world(scene.scenario) + prompts.history(
        scene.turns()[: place + 1], {1: prompts.heading(scene.scenario.scenes[0], 1)}
    )
    emotion = {line.emotion: 1.0} if line.emotion and line.emotion != NEUTRAL else {}
    intention = part(scene.scenario.scenes[0].beats[0].goal, line.speaker, personas)
    cue = Cue(line.speaker, (line.to,), intention, emotion, line.level)
    relation = next((one for one in scene.scenario.relations if (one.from_, one.to) == (line.speaker, line.to)), None)
    persona = personas[line.speaker]
    tail = prompts.tail(persona, cue, relation, persona.voice.examples[:_EXAMPLES])
    return {"layout": f"{heard}{prompts.neutral(line.speaker)}:", "persona": heard + tail}


def template_row(scene: CorpusScene, rng: random.Random) -> Row:
    """Render a corpus scene as the answer to a request in LDCC's template, the whole script carrying loss."""
    place = scene.scenario.scenes[0].heading.place
    names = [persona.name for persona in scene.scenario.personas]
    asks = (
        scene.scenario.logline,
        f"{place}에서 {', '.join(names)} 나오는 {scene.scenario.genre}",
        f"{scene.scenario.title}: {scene.scenario.tone}. {scene.scenario.logline}",
    )
    request = prompts.neutral(rng.choice(asks)).rstrip(".")
    script = prompts.history(scene.turns(), {1: prompts.heading(scene.scenario.scenes[0], 1)})
    found = (Piece(TEMPLATE.format(request=f"{request} 대본 작성해줘")), Piece(script.strip() + "\n", loss=True))
    return Row(f"corpus/{scene.name}", found, OURS, kind="template", ends=True)


def _felt(scene: CorpusScene) -> list[dynamics.State]:
    """Return what everybody feels before each line, all of them being there.

    A line counts as its label says, as strongly as the label is far from neutral; an action has no label and moves nobody.
    """
    people = scene.scenario.personas
    tempers = {p.name: dynamics.Temper(p.emotion.baseline, p.emotion.volatility) for p in people}
    affections = {(relation.from_, relation.to): relation.affection or 0.0 for relation in scene.scenario.relations}
    states = [dynamics.opening(tempers)]
    for line in scene.lines:
        valence, arousal = valence_arousal(line.emotion or NEUTRAL)
        labels = {line.emotion: min(1.0, hypot(valence, arousal))} if line.emotion else {}
        emotion, basic = Emotion(valence, arousal, labels), families(labels)
        states.append(dynamics.after(states[-1], line.speaker, tempers, emotion, basic, tempers, affections))
    return states


def novel_rows(folder: Path, rng: random.Random) -> list[Row]:
    """Render exchanges of quotations from KoCoNovel (its folder): two speakers in turn, in today's Korean."""
    rows = []
    for novel in sorted((folder / "data" / "jsonl").glob("*/text.jsonl"), key=lambda path: path.parent.name):
        exchanges = [exchange for exchange in _exchanges(novel) if all(_today(text) for _, text in exchange)]
        source = f"koconovel/{novel.parent.name}"
        rows += [_plain_row(source, group, "소설", rng, KOCONOVEL, answers_only=False) for group in _grouped(exchanges)]
    rng.shuffle(rows)
    return rows


def chatbot_rows(folder: Path, rng: random.Random) -> list[Row]:
    """Render everyday pairs of Chatbot_data (label 0) that are whole sentences; only the answer carries loss."""
    file = folder / "ChatbotData.csv"
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            table = [row for row in csv.DictReader(opened) if row["label"].strip() == "0"]
    except (OSError, KeyError) as error:
        raise FileError(file, f"is not Chatbot_data ({error}); give the folder that holds ChatbotData.csv") from error
    pairs = [[("A", _ended(row["Q"].strip())), ("B", _ended(row["A"].strip()))] for row in table]
    pairs = [pair for pair in pairs if all(_today(text) for _, text in pair)]
    rng.shuffle(pairs)
    return [_plain_row("chatbot-data", group, "일상극", rng, CHATBOT, answers_only=True) for group in _grouped(pairs)]


def script_rows(name: str, lines: Sequence[CleanLine], rng: random.Random) -> list[Row]:
    """Render each scene of a script that somebody wrote, two spoken lines or more, at most `_LONGEST` turns in a row."""
    scenes: list[tuple[str, list[CleanLine]]] = [("", [])]
    for line in lines:
        if line.part == "heading":
            scenes.append((line.text, []))
        elif line.part == "action" or (line.part == "dialogue" and line.speaker and line.said):
            if len(scenes[-1][1]) == _LONGEST:
                scenes.append((scenes[-1][0], []))
            scenes[-1][1].append(line)
    rows = []
    for heading, told in scenes:
        people = list(dict.fromkeys(line.speaker for line in told if line.speaker))
        if sum(line.part == "dialogue" for line in told) < 2 or not people:
            continue
        place = prompts.neutral(_HEADING_MARK.sub("", heading)) or "무대"
        scene = Scene(heading=Heading(place=place), beats=(Beat(goal="이야기가 이어진다"),))
        cast = tuple(CastMember(Persona(name=person)) for person in people)
        scenario = Scenario(title=name, cast=cast, scenes=(scene,))
        turns = [
            Turn(n, 1, 1, "dialogue", line.said, line.speaker)
            if line.speaker
            else Turn(n, 1, 1, "action", line.stripped)
            for n, line in enumerate(told, 1)
        ]

        def cued(at: int, turns: Sequence[Turn] = turns) -> str | None:
            turn = turns[at]
            level = _level(turn.text)
            before = next((other.speaker for other in reversed(turns[:at]) if other.speaker != turn.speaker), None)
            if not level or not turn.speaker or not before:
                return None
            return prompts.tail(Persona(name=turn.speaker), Cue(turn.speaker, (before,), level=level), None, ())

        rows.append(Row(f"script/{name}", pieces(scenario, turns, cued, rng, TAIL_SHARE)))
    return rows


def take_rows(take: Transcript, name: str) -> list[Row]:
    """Render the scenes of a take in which a person wrote or mended a line; only such lines carry loss.

    A row holds what everybody who spoke so heard of one scene, `_LONGEST` turns at most, and the cues that they had.
    """
    scenario = Scenario.from_dict(take.scenario)
    people = {persona.name: persona for persona in scenario.personas}
    relations = {(relation.from_, relation.to): relation for relation in scenario.relations}
    rows = []
    for number, played in groupby(take.turns, key=lambda turn: turn.scene):
        told = list(played)
        mine = {turn.speaker for turn in told if turn.by in ("human", "edited") and turn.kind == "dialogue"}
        heard = [turn for turn in told if not turn.present or mine <= set(turn.present)]
        for turns in (heard[start : start + _LONGEST] for start in range(0, len(heard), _LONGEST)):
            silent = [turn for turn in turns if turn.by not in ("human", "edited") or turn.kind != "dialogue"]
            if len(silent) == len(turns):
                continue

            def cued(at: int, turns: Sequence[Turn] = turns) -> str | None:
                cue, speaker = turns[at].cue, turns[at].speaker
                if not cue or speaker not in people:
                    return None
                relation = relations.get((speaker, cue.to[0])) if cue.to else None
                return prompts.tail(people[speaker], cue, relation, people[speaker].voice.examples[:_EXAMPLES])

            rng = random.Random(f"{name} {number}")
            rows.append(
                Row(name, pieces(scenario, turns, cued, rng, 1.0, *silent, headings=headings_of(take, scenario)))
            )
    return rows


def headings_of(take: Transcript, scenario: Scenario) -> dict[int, str]:
    """Return the headings of a take by the number of the scene in it: at a branch that is not the scenario's order."""
    path = take.take.get("path") or range(len(scenario.scenes))
    return {number: prompts.heading(scenario.scenes[scene], number) for number, scene in enumerate(path, 1)}


def _plain_row(
    source: str,
    exchanges: Sequence[Sequence[tuple[str, str]]],
    genre: str,
    rng: random.Random,
    licence: str,
    *,
    answers_only: bool,
) -> Row:
    """Render exchanges as short scenes of two invented people; a tail tells the level when the ending shows it."""
    names = (rng.choice(_WOMEN), rng.choice(_MEN))
    personas = tuple(Persona(name=name, role="동네 사람") for name in rng.sample(names, 2))
    places = rng.sample(_PLACES, len(exchanges))
    scenes = tuple(Scene(heading=Heading(place=place), beats=(Beat(goal="말을 주고받는다"),)) for place in places)
    scenario = Scenario(title="짧은 대화", genre=genre, cast=tuple(CastMember(p) for p in personas), scenes=scenes)
    turns: list[Turn] = []
    for number, exchange in enumerate(exchanges, 1):
        role = {key: personas[i] for i, key in enumerate(dict.fromkeys(key for key, _ in exchange))}
        for key, text in exchange:
            other = next(person.name for person in personas if person is not role[key])
            turns.append(Turn(len(turns) + 1, number, 1, "dialogue", text, role[key].name, (other,)))

    def cued(at: int) -> str | None:
        turn = turns[at]
        level = _level(turn.text)
        if not level or not turn.speaker or (answers_only and at % 2 == 0):
            return None
        persona = next(person for person in personas if person.name == turn.speaker)
        return prompts.tail(persona, Cue(turn.speaker, turn.to, level=level), None, ())

    silent = {turn.n for at, turn in enumerate(turns) if answers_only and at % 2 == 0}
    return Row(source, pieces(scenario, turns, cued, rng, TAIL_SHARE, *(t for t in turns if t.n in silent)), licence)


def pieces(
    scenario: Scenario,
    turns: Sequence[Turn],
    cued: Callable[[int], str | None],
    rng: random.Random,
    share: float,
    *silent: Turn,
    headings: Mapping[int, str] | None = None,
) -> tuple[Piece, ...]:
    """Cut world and history where the loss begins and ends: cut elsewhere, two line ends would not be one token.

    `cued(i)` is the tail of turn i or None, `silent` turns carry no loss; `headings` by scene number, else the scenario's.
    """
    headings = headings or {number: prompts.heading(scene, number) for number, scene in enumerate(scenario.scenes, 1)}
    found, before = [Piece(prompts.world(scenario))], ""
    for at, turn in enumerate(turns):
        after = prompts.history(turns[: at + 1], headings)
        if not after.startswith(before):
            raise ValueError(f"{scenario.title}: the history drops turns at turn {turn.n}; keep a row under a window")
        added, before = after[len(before) :], after
        whole = prompts.line(turn)
        lead = added.removesuffix(whole + "\n")
        if turn in silent:
            found.append(Piece(added))
        elif turn.kind == "dialogue":
            spoken = " " + prompts.neutral(turn.text)
            tail = cued(at) if rng.random() < share else None
            found += _said(lead, tail, whole.removesuffix(spoken), spoken + "\n")
        else:
            opening, space, rest = whole.partition(" ")
            start = prompts.stage_direction(opening) if share and rng.random() < _ACTION_TAIL_SHARE else None
            found += _said(lead, start, opening, space + rest + "\n")
    return tuple(
        Piece("".join(piece.text for piece in run), *kind)
        for kind, run in groupby(filter(lambda piece: piece.text, found), key=lambda piece: (piece.loss, piece.aside))
    )


def _said(lead: str, tail: str | None, start: str, said: str) -> list[Piece]:
    """Return the pieces of one turn: with a tail it is said in an aside, and the history then holds it without loss."""
    if tail is None:
        return [Piece(lead + start), Piece(said, loss=True)]
    return [Piece(lead), Piece(tail, aside=True), Piece(said, loss=True, aside=True), Piece(start + said)]


def _exchanges(novel: Path) -> Iterator[list[tuple[str, str]]]:
    """Yield runs of two to four quotations, at most 60 characters apart, in which two speakers take turns."""
    texts = _json_lines(novel)
    for text, notes in zip(texts, _json_lines(novel.with_name("coref.jsonl")), strict=True):
        body: str = text["text"]
        spans = sorted((int(a), int(b), str(who)) for group in notes["speakers"] for a, b, who in group)
        run: list[tuple[str, str]] = []
        for (start, end, who), following in pairwise([*spans, (len(body) * 2, 0, "")]):
            if not run or run[-1][0] != who:
                run.append((who, re.sub(r"\s+", " ", body[start : end + 1]).strip(' "“”')))
            turns = len(run) < 4 and following[0] - end < 60 and following[2] != who
            if not turns or (len(run) > 1 and following[2] not in {name for name, _ in run}):
                if len(run) > 1:
                    yield run
                run = []


def _grouped(exchanges: Sequence[list[tuple[str, str]]]) -> Iterator[list[list[tuple[str, str]]]]:
    """Yield groups of exchanges that one history can show as scenes in a row."""
    group: list[list[tuple[str, str]]] = []
    for exchange in exchanges:
        if sum(map(len, group)) > _CARRIED:
            yield group
            group = []
        group.append(exchange)
    if group:
        yield group


def _json_lines(file: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise FileError(file, f"is not JSON lines ({error}); give the folder of KoCoNovel as published") from error


def _today(text: str) -> bool:
    return 4 <= len(text) <= 60 and _WRITTEN.fullmatch(text) is not None and not _OLD.search(text)


def _ended(text: str) -> str:
    return text if text[-1:] in ".!?…" else text + "."


def _level(text: str) -> str | None:
    """Return the speech level that the last sentence's ending shows, 해체 for one that 해라체 shares, else None."""
    found = levels_of(re.split(r"(?<=[.!?…]) ", text)[-1])
    if len(found) == 1:
        return next(iter(found))
    return "해체" if found == {"해체", "해라체"} else None
