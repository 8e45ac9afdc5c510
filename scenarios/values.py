"""The values of a scenario and its personas: one frozen definition each, with both languages' keys, limits and help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from scenarios._fields import (
    CONFIG,
    MAX_CAST,
    MAX_LIST,
    Age,
    Depth,
    Facts,
    Feelings,
    Filled,
    Flag,
    Gestures,
    Line,
    Lines,
    Name,
    Names,
    Note,
    Order,
    Room,
    Seed,
    Share,
    Signed,
    Text,
    Turns,
    key,
)
from transcript.errors import DaebonError

Level = Literal["합쇼체", "하오체", "하게체", "해라체", "해요체", "해체"]
Play = Literal["model", "human"]
Shape = Literal["rags-to-riches", "tragedy", "man-in-a-hole", "icarus", "cinderella", "oedipus"]


END = "끝"  # the branch target that closes the curtain


@dataclass(frozen=True, config=CONFIG)
class Voice:
    """How a character talks; `examples` are the strongest lever on a small model."""

    style: Annotated[Text, key("문체", "how the sentences sound", "문장의 버릇과 호흡")] = ""
    level: Annotated[Level | None, key("높임", "default speech level", "기본 상대높임")] = None
    sayings: Annotated[Lines, key("입버릇", "phrases that come back", "되풀이하는 말")] = ()
    examples: Annotated[Lines, key("예문", "two to eight lines as they are spoken", "실제로 말할 법한 대사 2~8줄")] = ()


@dataclass(frozen=True, config=CONFIG)
class Traits:
    """The Big Five, each 0..1."""

    openness: Annotated[Share, key("개방성", "0 conventional .. 1 curious", "0 관습적 .. 1 호기심이 많음")] = 0.5
    conscientiousness: Annotated[Share, key("성실성", "0 careless .. 1 orderly", "0 느슨함 .. 1 꼼꼼함")] = 0.5
    extraversion: Annotated[Share, key("외향성", "0 reserved .. 1 outgoing", "0 내향적 .. 1 외향적")] = 0.5
    agreeableness: Annotated[Share, key("친화성", "0 blunt .. 1 kind", "0 까칠함 .. 1 다정함")] = 0.5
    neuroticism: Annotated[Share, key("신경성", "0 calm .. 1 anxious", "0 침착함 .. 1 예민함")] = 0.5


@dataclass(frozen=True, config=CONFIG)
class Temperament:
    """What a character feels at rest, by emotion label, and how quickly that moves."""

    baseline: Annotated[
        Feelings, key("기본", "strength 0..1 per emotion at rest", "평소 감정의 세기, 감정마다 0..1")
    ] = Field(default_factory=dict)
    volatility: Annotated[Share, key("변동", "0 steady .. 1 stormy", "0 잔잔함 .. 1 출렁임")] = 0.5


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class Lore:
    """What a character thinks of only when one of its keys is mentioned; an entry of a lorebook."""

    keys: Annotated[
        Lines, key("열쇠말", "words that call it up, particles aside", "나오면 떠올리는 낱말, 조사 없이")
    ] = ()
    secondary_keys: Annotated[
        Lines, key("보조열쇠말", "one of these must be mentioned too", "이 가운데 하나도 함께 나와야 한다")
    ] = ()
    exclude_keys: Annotated[
        Lines,
        key("제외열쇠말", "not called up when one of these is mentioned", "이 가운데 하나가 나오면 떠올리지 않는다"),
    ] = ()
    content: Annotated[Filled, key("내용", "what comes to mind", "떠올리는 내용")]
    constant: Annotated[Flag, key("항상", "in mind without a key", "열쇠말 없이도 늘 떠올린다")] = False
    case_sensitive: Annotated[Flag, key("대소문자", "tell A from a in keys", "열쇠말의 대소문자를 가린다")] = False
    enabled: Annotated[Flag, key("사용", "false keeps it in the file only", "false면 파일에만 둔다")] = True
    scan_depth: Annotated[Depth, key("범위", "how many last lines are searched", "열쇠말을 찾는 마지막 줄의 수")] = 4
    insertion_order: Annotated[Order, key("순서", "the lower, the earlier", "작을수록 앞에 놓인다")] = 0
    priority: Annotated[
        Order, key("우선순위", "the lowest goes first where there is no room", "자리가 모자라면 작은 것부터 뺀다")
    ] = 0


@dataclass(frozen=True, config=CONFIG)
class Persona:
    """One role: who they are, what they want, fear and hide, how they talk."""

    name: Annotated[Name, key("이름", "unique in a cast", "배역 안에서 하나뿐인 이름")]
    aliases: Annotated[
        tuple[Name, ...],
        Field(max_length=MAX_LIST),
        key("별칭", "other names people call them by", "달리 불리는 이름들"),
    ] = ()
    age: Annotated[Age, key("나이", "number or text", "숫자나 글")] = ""
    role: Annotated[Note, key("역할", "one public line that the others know", "다른 인물도 아는 한 줄 소개")] = ""
    persona: Annotated[Text, key("설정", "private: only this character reads it", "이 인물만 아는 속사정")] = ""
    want: Annotated[Text, key("욕망", "what they want", "바라는 것")] = ""
    fear: Annotated[Text, key("두려움", "what they are afraid of", "겁내는 것")] = ""
    secret: Annotated[
        Facts, key("비밀", "facts not said before a beat reveals them", "비트가 공개하기 전에는 말하지 않는 사실들")
    ] = ()
    voice: Annotated[Voice, key("말투", "how they talk", "말하는 방식")] = Voice()
    gestures: Annotated[
        Gestures,
        key("몸짓", "what they do, without the subject: action lines", "지문이 될 동작, 주어 없이 한 문장씩"),
    ] = ()
    traits: Annotated[Traits, key("성격", "Big Five, each 0..1", "성격 5요인, 각각 0..1")] = Traits()
    emotion: Annotated[Temperament, key("감정", "feelings at rest", "평소의 감정")] = Field(default_factory=Temperament)
    talkativeness: Annotated[Share, key("말수", "0 silent .. 1 talkative", "0 과묵 .. 1 수다")] = 0.5
    lore: Annotated[
        tuple[Lore, ...],
        Field(max_length=MAX_LIST),
        key("로어북", "what comes to mind when a key is mentioned", "열쇠말이 나올 때만 떠올리는 지식"),
    ] = ()
    lore_budget: Annotated[
        Room, key("로어북한도", "most characters of lore with one line", "대사 하나에 쓸 로어북의 최대 글자 수")
    ] = 240
    extensions: Annotated[
        Mapping[str, JsonValue], key("확장", "kept untouched, for other programs", "손대지 않고 보관하는 값")
    ] = Field(default_factory=dict)


@dataclass(frozen=True, config=CONFIG)
class CastMember:
    """A persona and who plays it."""

    persona: Annotated[Persona, key("인물", "path of a persona file, or a persona", "인물 파일의 경로 또는 인물")]
    play: Annotated[Play, key("연기", "model or human", "model이나 human")] = "model"


@dataclass(frozen=True, config=CONFIG)
class Relation:
    """How one character speaks to and feels about another; None means unchanged, or unknown at the start."""

    from_: Annotated[Filled, key("누가", "who speaks", "말하는 인물", "from")]
    to: Annotated[Filled, key("누구에게", "to whom", "듣는 인물")]
    level: Annotated[Level | None, key("높임", "speech level", "상대높임")] = None
    address: Annotated[Text | None, key("호칭", "what they call them", "부르는 말")] = None
    affection: Annotated[
        Signed | None,
        key("호감", "-1 hatred .. 1 love", "-1 미움 .. 1 사랑"),
    ] = None


@dataclass(frozen=True, config=CONFIG)
class Knowledge:
    """A fact and who knows it when the curtain rises."""

    fact: Annotated[Filled, key("사실", "one plain sentence", "평서문 한 문장")]
    who: Annotated[Names, key("누가", "names of those who know it", "아는 인물들")] = ()


@dataclass(frozen=True, config=CONFIG)
class Setting:
    """Where and when the whole scenario plays."""

    place: Annotated[Text, key("장소", "where", "어디")] = ""
    period: Annotated[Text, key("시대", "when in history", "시대")] = ""
    season: Annotated[Text, key("계절", "when in the year", "계절")] = ""


@dataclass(frozen=True, config=CONFIG)
class Heading:
    """The heading of a scene, `S#1. 방파제 / 저녁`; `inside` is None when the writer leaves it open."""

    place: Annotated[Text, key("장소", "where", "어디")] = ""
    time: Annotated[Text, key("시간", "time of day", "하루 중 때")] = ""
    inside: Annotated[Flag | None, key("실내", "true inside, false outside", "실내면 true, 실외면 false")] = None


@dataclass(frozen=True, config=CONFIG)
class Beat:
    """One plot objective; `turns` are the least and most it takes, `emotion` the target 0..1 per name and label."""

    goal: Annotated[Filled, key("목표", "a playable action in the present tense", "인물 사이에 벌어지는 행동 한 문장")]
    turns: Annotated[Turns, key("턴", "[min, max]", "[최소, 최대]")] = (2, 8)
    emotion: Annotated[
        Mapping[Filled, Feelings],
        Field(max_length=MAX_LIST),
        key("감정", "target per character, 0..1 per emotion", "인물마다 감정의 목표 0..1"),
    ] = Field(default_factory=dict)
    speakers: Annotated[Names, key("발화자", "who must speak in this beat", "이 비트에서 꼭 말할 인물")] = ()
    reveal: Annotated[Facts, key("공개", "facts that must be out before it ends", "끝나기 전에 드러날 사실")] = ()
    enter: Annotated[Names, key("입장", "who comes in when it begins", "시작할 때 들어오는 인물")] = ()
    exit: Annotated[Names, key("퇴장", "who leaves when it ends", "끝날 때 나가는 인물")] = ()
    relations: Annotated[
        tuple[Relation, ...], Field(max_length=MAX_LIST), key("관계", "changes from here on", "여기서부터 바뀌는 관계")
    ] = ()


@dataclass(frozen=True, config=CONFIG)
class Branch:
    """A way out of a scene: what somebody does, and the scene (or `끝`) that it leads to."""

    choice: Annotated[Line, key("선택", "what a character does, one line", "인물이 하는 일 한 줄")]
    to: Annotated[Filled, key("이동", f"name of a scene, or {END}", f"씬의 이름, 또는 {END}")]


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class Scene:
    """One scene: heading, who is there when it opens, and its beats in order."""

    name: Annotated[Line | None, key("이름", "unique; the target of a branch", "분기가 가리키는 하나뿐인 이름")] = None
    heading: Annotated[Heading, key("헤딩", "place and time", "장소와 시간")] = Heading()
    present: Annotated[
        Names, key("등장", "who is there at the start; default the whole cast", "처음부터 있는 인물, 없으면 모두")
    ] = ()
    action: Annotated[Text, key("지문", "opening action", "여는 지문")] = ""
    beats: Annotated[
        tuple[Beat, ...],
        Field(min_length=1, max_length=MAX_LIST),
        key("비트", "in playing order", "벌어지는 차례대로"),
    ]
    events: Annotated[Lines, key("사건", "happenings for when the scene stalls", "장면이 막힐 때 일어날 일")] = ()
    branches: Annotated[
        tuple[Branch, ...],
        Field(max_length=MAX_LIST),
        key("분기", "ways out; default the next scene", "갈림길, 없으면 다음 씬"),
    ] = ()


@dataclass(frozen=True, config=CONFIG)
class DirectorSettings:
    """How the director works: candidates per line, share 0..1 of action turns, branch suggestions."""

    candidates: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=64)], key("후보", "candidates per line", "대사마다 후보의 수")
    ] = 8
    actions: Annotated[Share, key("지문", "share of action turns", "지문의 비율")] = 0.2
    suggestions: Annotated[Flag, key("제안", "suggest branches", "갈림길을 제안")] = True


@dataclass(frozen=True, kw_only=True, config=CONFIG)
class Scenario:
    """A whole scenario. `model` and `seed` are None when the file leaves them to the command line."""

    title: Annotated[Line, key("제목", "title of the script", "대본의 제목")]
    logline: Annotated[Text, key("로그라인", "the story in a sentence", "한 문장 이야기")] = ""
    genre: Annotated[Text, key("장르", "genre", "장르")] = ""
    setting: Annotated[Setting, key("배경", "where and when", "곳과 때")] = Setting()
    tone: Annotated[Text, key("분위기", "how it should feel", "글의 결")] = ""
    cast: Annotated[
        tuple[CastMember, ...], Field(min_length=1, max_length=MAX_CAST), key("배역", "who plays", "나오는 인물들")
    ]
    relations: Annotated[
        tuple[Relation, ...], Field(max_length=MAX_LIST), key("관계", "direction matters", "방향이 있는 관계")
    ] = ()
    knowledge: Annotated[
        tuple[Knowledge, ...],
        Field(max_length=MAX_LIST),
        key("지식", "who knows what at the start", "처음에 누가 무엇을 아는가"),
    ] = ()
    scenes: Annotated[
        tuple[Scene, ...], Field(min_length=1, max_length=MAX_LIST), key("씬", "in playing order", "차례대로")
    ]
    arc: Annotated[
        Mapping[Filled, Shape],
        Field(max_length=MAX_LIST),
        key("감정선", "shape per character", "인물마다 감정선의 모양"),
    ] = Field(default_factory=dict)
    director: Annotated[DirectorSettings, key("연출", "how the director works", "연출 방식")] = DirectorSettings()
    model: Annotated[Line | None, key("모델", "the command line wins", "명령줄이 먼저")] = None
    seed: Annotated[Seed | None, key("시드", "the command line wins", "명령줄이 먼저")] = None

    @property
    def personas(self) -> tuple[Persona, ...]:
        """Return the personas in the order of the cast."""
        return tuple(member.persona for member in self.cast)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values under the English keys, for `transcript.json`."""
        row: dict[str, Any] = _ADAPTER.dump_python(self, mode="json", by_alias=True)
        return row

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> Scenario:
        """Build a scenario from `to_dict`'s result; raises DaebonError naming the first key that is wrong."""
        try:
            return _ADAPTER.validate_python(dict(row))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise DaebonError(f"scenario: {key}: {first['msg']}; load the YAML file again") from error


_ADAPTER = TypeAdapter(Scenario)
