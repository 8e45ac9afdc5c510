"""What marks the lines of a script: headings, transitions, page matter, labels of speech, and how one writer sets them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

TRANSITION = (
    r"F\.?\s?[IO]\.?|FADE\s?(?:IN|OUT)[.:]?|(?:SMASH |MATCH |HARD )?CUT(?: TO)?[.:]?|DISSOLVE(?: TO)?[.:]?|"
    r"디졸브\.?|페이드\s?(?:인|아웃)\.?|"
    r"장면\s?전환\.?|화면\s?전환\.?|암전\.?|명전\.?|O\.?L\.?"
)
TRANSITION_ALONE = re.compile(
    rf"[(（\[<〈]?\s*(?:{TRANSITION})(?:\s*/\s*(?:{TRANSITION}))*\s*[)）\]>〉]?", re.IGNORECASE
)
MARKER = re.compile(
    r"[^\w\s.…·!?~\"“”'‘’()（）,](?:[^\w.…!?~\"“”'‘’()（）,]*[^\w\s.…!?~\"“”'‘’()（）,])?|"
    r"[<〈(\[]\s*(?:끝|完|막|The End|END)\s*\.?[>〉)\]]|-\s*끝\s*-|"
    r"(?:몽타주|플래시백|회상|인서트)\s?(?:시작|끝)\.?|"
    r"(?:타이틀|엔딩)(?: (?:인|업|크레디트))?\.?|막(?:이)? (?:오른다|내린다)\.?|(?:다음|제?\d+) ?(?:회|화)에서? 계속.{0,6}|\(?계속\)?|"
    r"(?:이하 여백|이면 없음|-이하 여백-)",
    re.IGNORECASE,
)
CLOSING = re.compile(r"(?:끝|完|막|The End|END)\.?", re.IGNORECASE)  # on the last rows only: else somebody may say it
_PAGE = re.compile(
    r"[-–—<〈(\[]\s*\d{1,4}\s*[-–—>〉)\]]|\d{1,4}\s*/\s*\d{1,4}(?:\s?쪽)?|(?:page|p\.?|쪽)\s?\d{1,4}(?:\s?/\s?\d+)?|\d{1,4}\s?(?:쪽|페이지)",
    re.IGNORECASE,
)
_BARE_PAGE = re.compile(r"\d{1,4}\.?")  # between blank rows: right under a name it is what somebody says
_HEADING = re.compile(
    r"(?:\[|<|【)?(?:S\s?#\.?\s?\d|씬\s?#?\s?\d|Scene\s?#?\d|#\s?\d+[A-Za-z]?(?:-\d+)?(?:[.)\s]|$)|(?:INT|EXT|I/E)[./ ]|"
    r"제\s?\d+\s?(?:장|막|경|회|화)(?:\s|[.:]|$)|\d+\s?(?:장|막|경)(?:[.:]?\s*$|[.:]\s)|(?:프롤로그|에필로그)(?:\s*$|[.:])|"
    r"\d+(?:[A-Za-z]|-\d+)?[.)]\s?(?:실내|실외|내부|외부|플래시백|몽타주|회상|인서트|INT|EXT)|"
    r"\d+(?:[A-Za-z]|-\d+)?[.)]?\s+[^.?!…]{1,40}\s?(?:[-/,]\s?|\()"
    r"(?:낮|밤|아침|저녁|새벽|오전|오후|해질녘|동틀 녘|정오|심야|한낮|석양|며칠 뒤|계속)"
    r")",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\d+(?:[A-Za-z]|-\d+)?\.\s[가-힣A-Za-z0-9 ,/()'‘’·-]{1,30}$")  # `1. 항구`, counted below
_VOICE = r"(?:E|N|F|NA|O\.?L|[VO]\.?\s?[OLS]\.?|소리|목소리|내레이션|전화|무전|필터|off)"
_BRACKETS = re.compile(r"\s*[(（\[][^()（）\[\]]*[)）\]]")
_VOICE_MARK = re.compile(rf"\s+{_VOICE}\.?$", re.IGNORECASE)
_PERSON = r"(?!\d+\s*[:：])[가-힣A-Za-z0-9·.]{1,12}(?: [가-힣A-Za-z0-9.]{1,8}){0,2}" + (
    r"(?:\s?[/&,·]\s?[가-힣A-Za-z0-9]{1,8}(?: [가-힣0-9]{1,4})?){0,3}"
)
_LABEL = rf"{_PERSON}(?:\s?[(（][^()（）]*[)）]){{0,2}}"
_TAB = re.compile(rf"({_LABEL})\s*\t+\s*(\S.*)")
_COLON = re.compile(rf"({_LABEL})\s*[:：]\s*(?!//)(\S.*)")
GAP = re.compile(rf"({_LABEL})(?: {{2,}})(\S.*)")
_ALONE = re.compile(rf"{_LABEL}(?:\s+{_VOICE}\.?)?")
DIRECTION = re.compile(r"[(（][^()（）]*[)）][.]?")
SENTENCE = re.compile(r"[.!?…~。][\"'”’)）」』]*$")
OPEN, QUOTE = '“"「『', re.compile(r"[“\"「『][^“”\"「」『』]*(?:[”\"」』]|$)")
SUBJECT = re.compile(r"([가-힣]{1,6}?)(?:이가|이는|[이가은는도])(?:\s|$|,)")
SAYS = re.compile(r"(?:말했|물었|읽었|외쳤|대답했|중얼거렸|소리쳤|덧붙였|속삭였|내뱉었|불렀)(?:다|습니다)[.:]?$")
PRONOUNS = frozenset("그 그녀 나 너 저 우리 그들 누구 아무 둘 셋 모두 이 그것 이것 저것 말 소리 목소리".split())
_WORD_OF_ACTION = re.compile(  # what stands before a colon and is read, not said
    r"인서트|자막|INSERT|CAPTION|(?:(?:벽|손목|탁상)?시계|간판|전광판|팻말|현수막|표지판|쪽지|메모)$", re.IGNORECASE
)
_NAME_LONGEST = 16
DEEP = 8  # columns from which a lonely row is set in the middle or to the right


def plain_row(row: str) -> str:
    """Return a row with usual spaces and colons, without signs that print nothing."""
    row = re.sub(r"[\u200b-\u200f\u2060\ufeff\r]", "", row).replace("\x0c", "")
    return re.sub(r"[\u00a0\u2000-\u200a\u202f]", " ", row).replace("\u3000", "  ").rstrip()


def person_of(label: str) -> str:
    """Return the name in a label, without brackets, voice marks and the bullets that editors put before it."""
    bare = _BRACKETS.sub("", label).strip(" .·-•*■▶●○◆◇※")
    return _VOICE_MARK.sub("", bare).strip() or label.strip()


def name_key(name: str) -> str:
    """Return a name as names are compared: without white space."""
    return re.sub(r"\s", "", name)


def page_matter(rows: Sequence[str]) -> frozenset[int]:
    """Return the places of page numbers and of heads that run over the pages: the same row again but for its digits."""
    alike: dict[str, list[int]] = {}
    for n, row in enumerate(rows):
        text = row.strip()
        if text and len(text) <= 60:
            alike.setdefault(re.sub(r"\d+", "0", re.sub(r"\s+", "", text)), []).append(n)
    numbers = {
        n
        for n, row in enumerate(rows)
        if _PAGE.fullmatch(row.strip())
        or (
            _BARE_PAGE.fullmatch(row.strip())
            and (n == 0 or not rows[n - 1].strip())
            and not "".join(rows[n + 1 : n + 2])
        )
    }
    found = set(numbers)
    for places in alike.values():  # a head of two rows: the title, and below it the number of the page
        numbered = [n for n in places if "".join(rows[n + 1 : n + 2]) and _BARE_PAGE.fullmatch(rows[n + 1].strip())]
        count = [int(rows[n + 1].strip().rstrip(".")) for n in numbered]
        if len(count) >= 2 and count == sorted(set(count)) and len(rows[numbered[0]].strip()) > 4:
            found |= {*numbered, *(n + 1 for n in numbered)}
    for places in alike.values():
        texts = {rows[n].strip() for n in places}
        counted = len(texts) > 1 and not any(_HEADING.match(text) for text in texts)  # only the page number differs
        beside = sum(bool({n - 2, n - 1, n + 1, n + 2} & numbers) for n in places) * 2 > len(places)
        spoken = any(re.search(r"[.!?…]$", text) or "\t" in text or re.search(r"[:：]", text) for text in texts)
        head = any(re.search(r"\d", text) for text in texts) and len(next(iter(texts))) > 4
        head = head and not any(
            _ALONE.fullmatch(text) and len(text) <= _NAME_LONGEST for text in texts
        )  # 간호사 1, 간호사 2
        if len(places) >= 2 and not spoken and ((counted and head and len(places) >= 3) or beside):
            found |= set(places)
    return frozenset(found)


@dataclass(frozen=True)
class Layout:
    """How one writer sets speech: the labels in use, the names found, whether names stand alone, whether speech is quoted.

    `column` is where speech begins behind a name and a gap (Hangul counts two), 0 where that differs from row to row.
    """

    labels: tuple[re.Pattern[str], ...]
    names: frozenset[str]
    alone: bool
    quoted: bool
    numbered: bool
    column: int

    @staticmethod
    def of(rows: Sequence[str]) -> Layout:
        """Return how a script sets speech, by its rows without page matter."""
        filled = [row.strip() for row in rows if row.strip()]
        numbered = sum(bool(_NUMBERED.fullmatch(row)) for row in filled) >= 2
        told = [row for row in filled if not _HEADING.match(row)]
        labels, names, column = [], Counter[str](), 0
        for pattern in (_TAB, _COLON, GAP):
            people = Counter(
                name_key(person_of(said[1])) for said in map(pattern.fullmatch, told) if said and is_label(said[1])
            )
            sure = Counter({name: count for name, count in people.items() if count >= 2})
            if sum(sure.values()) >= max(2, len(told) // 25):
                labels.append(pattern)
                names += people if pattern is not GAP else sure
                column = _common_column(told, sure) if pattern is GAP else column
        lonely = Counter(name_key(person_of(row.strip())) for n, row in enumerate(rows) if stands_alone(rows, n))
        again = {name for name, count in lonely.items() if count >= 2}
        alone = sum(lonely[name] for name in again) >= max(3, len(told) // 12)
        quotes = sum(row[0] in OPEN for row in told)
        quoted = not labels and not alone and quotes * 6 >= len(told) > 0
        known = frozenset(names) | (again if alone else frozenset())
        return Layout(tuple(labels), known, alone, quoted, numbered, column)

    def new_name(self, said: re.Match[str], pattern: re.Pattern[str]) -> bool:
        """Say whether a label that comes but once is a name: before a tab always, else by its looks or by its column."""
        bare = person_of(said[1])
        if pattern is GAP:  # a voice mark tells a name that is too long for the column
            told = self.column == 0 or SENTENCE.search(said[1].strip())
            return not told and bool(_begins_at(said) == self.column or _VOICE_MARK.search(said[1].strip()))
        return pattern is _TAB or (len(bare) <= 8 and not re.search(r"[은는이가을를에서]$", bare))


def _common_column(rows: Sequence[str], names: Collection[str]) -> int:
    """Return the column at which most of the speech of `names` begins, 0 of none."""
    said = [found for found in map(GAP.fullmatch, rows) if found and name_key(person_of(found[1])) in names]
    columns = Counter(map(_begins_at, said))
    best = max(columns, key=columns.__getitem__, default=0)
    return best if columns[best] * 2 > len(said) else 0


def _begins_at(said: re.Match[str]) -> int:
    """Return the column of a row's speech."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in said.string[: said.start(2)])


def is_label(label: str) -> bool:
    """Say whether a label may name who speaks: short, no sentence, nothing that is read instead of said."""
    bare = person_of(label)
    return len(bare) <= _NAME_LONGEST and not SENTENCE.search(bare) and not _WORD_OF_ACTION.match(bare)


def stands_alone(rows: Sequence[str], n: int) -> bool:
    """Say whether a row may be a name with its speech below: short, no sentence, behind a blank row, a row right under it."""
    text = rows[n].strip()
    if not text or len(text) > 30 or not _ALONE.fullmatch(text) or not is_label(text) or _HEADING.match(text):
        return False
    if TRANSITION_ALONE.fullmatch(text) or MARKER.fullmatch(text):
        return False
    below = n + 1 < len(rows) and bool(rows[n + 1].strip())
    return below and (n == 0 or not rows[n - 1].strip() or indent_of(rows[n]) >= DEEP)


def indent_of(row: str) -> int:
    """Return how many spaces a row begins with."""
    return len(row) - len(row.lstrip(" "))


def is_heading(text: str, layout: Layout) -> bool:
    """Say whether a row is a scene heading; `1. 항구` only where the script numbers its scenes so."""
    return bool(_HEADING.match(text)) or (layout.numbered and bool(_NUMBERED.fullmatch(text)))
