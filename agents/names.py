"""Names in Korean text: who is mentioned and who is called, with particles and without word boundaries.

A form is a cast name, its given name (지수 of 윤지수), or a nickname or title of the cast (`윤 작가` also finds 윤작가). It counts
only as the beginning of a word whose rest is made of particles, titles and the copula, and the longest form wins (유진아 before 유진).
A form that is an ordinary word too (하늘, 보라, 여우) counts only where something near it speaks for a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


def _words() -> dict[str, list[str]]:
    """Return the words of names.tsv by their kind."""
    found: dict[str, list[str]] = {}
    for row in files("agents").joinpath("names.tsv").read_text(encoding="utf-8").splitlines():
        if row and not row.startswith("#"):
            kind, words = row.split("\t")
            found.setdefault(kind, []).extend(words.split())
    return found


def _any(kind: str) -> str:
    """Return a pattern of any word of a kind, the longest first."""
    return "(?:" + "|".join(sorted((word.replace("_", " ") for word in _WORDS[kind]), key=len, reverse=True)) + ")"


_WORDS = _words()
_TITLE = _any("title") + "(?:님)?"
_TITLE_OF_SURNAME = "|".join(sorted({*_WORDS["title"]} - {*_WORDS["seldom"]}, key=len, reverse=True))
_REST = "|".join(sorted(map(re.escape, {*_WORDS["case"], *_WORDS["copula"]}), key=len, reverse=True))
_THING = "|".join(sorted(map(re.escape, _WORDS["thing"]), key=len, reverse=True))
_DONE = r"(?:[하해했한할함합]|되|돼|됐|된|될|됨|됩|시[키켜켰킨킬]|당[하해했한할함])[가-힣]*"  # a noun as a verb
_YOU = (
    r"\s(?:너(?![가-힣])|너(?:는|도|를|랑|한테|희|야|까지|마저|만|냐)|넌|널|네가|니가|네 (?:이놈|녀석)"
    r"|이 (?:자식|놈|녀석|새끼)|당신|자네|그대)"
)
_PERSON_WORD = (
    rf"\s?{_TITLE}(?![가-힣]*장실)|\s(?:그|이|저)\s?(?:인간|놈|자식|녀석|양반|사람|년|애|새끼|친구|분)|\s(?:걔|얘|쟤)"
    r"|\s(?:말로는|말이|말대로|말은|생각|목소리|얼굴|집|방|손|옆|눈치)"
)
_PERSON_CASE = re.compile(r"이?(?:한테|에게|께|더러|네(?:\s|\Z)|이랑|랑|하고|아(?![가-힣])|이여|씨|님)")
_PERSON_VERB = re.compile(
    r"(?:이가|이는|이도|이를|이만|가|는|은|이|도|를|을|의|랑|와|과)\s(?:[가-힣]+\s)?" + _any("verb")
)
_SOMEBODY_ELSE = re.compile(rf"(?:^|\s){_any('other')}\s\Z")
_NO_PERSON = re.compile(r"\s[가-힣]|(?:이|도|은|는|만)?\s?(?:있|없)")  # 한결 낫다, 보람이 있다
_MODIFIED = re.compile(rf"(?:(?:^|\s){_any('modifier')}|[가-힣]*(?:의|던|하는|은|운|한|된|린|진))\s\Z")
_QUALIFIED = re.compile(rf"(?:(?:^|\s){_any('qualifier')}|[가-힣]의|하는|되는|던)\s\Z")
_THEME = re.compile(r"(?:[은는이가건게]|바로|전부|결국|역시|다름|아닌|사람도|[도])\s\Z")
_BREAK = re.compile(r"(?:\A|[.!?…,~“”‘’\"'(—-])\s*\Z")
_INTERJECTION = re.compile(rf"(?:\A|[.!?…,~\s]){_any('cry')}\s\Z")
_STRETCH = re.compile(r"([가-힣])([아-잏])(?=[.!?…,~\s]|\Z)")
_SAID = re.compile(r"[,!.]?[”’\"']?\s?(?:하고|라고|이라고|하며|하면서|라며|라는)(?![가-힣])")


@dataclass(frozen=True)
class _Found:
    name: str
    form: str
    start: int
    end: int  # of the form and its particles
    calls: bool


def has_final(word: str) -> bool:
    """Say whether the last syllable of `word` has a final consonant (받침); False for what is not Hangul."""
    code = ord(word[-1]) - 0xAC00 if word else -1
    return 0 <= code < 11172 and code % 28 != 0


def with_particle(word: str, after_consonant: str, after_vowel: str) -> str:
    """Return `word` with the fitting particle: `with_particle("지은", "이", "가")` is `지은이`."""
    return word + (after_consonant if has_final(word) else after_vowel)


def mentioned(text: str, cast: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of `cast` (name to nicknames and titles) that `text` refers to, in order of appearance."""
    return list(dict.fromkeys(found.name for found in _find(text, cast)))


def called(text: str, cast: Mapping[str, Sequence[str]]) -> list[str]:
    """Return who is addressed by name in `text`: `지은아`, `지은 씨!`, `지은이 너`, or the bare name set off by punctuation."""
    return list(dict.fromkeys(found.name for found in _find(text, cast) if found.calls))


def titles() -> tuple[str, ...]:
    """Return what people are called by instead of, or after, a name: 선생님, 언니, 감독; the longest first."""
    return tuple(sorted({*_WORDS["title"], *_WORDS["office"]} - {*_WORDS["seldom"]}, key=len, reverse=True))


def ordinary() -> frozenset[str]:
    """Return the words that are somebody's name only where something near them speaks for a person: 하늘, 보라, 여우."""
    return frozenset(_WORDS["ordinary"])


def surnames() -> tuple[str, ...]:
    """Return the surnames, those of two syllables first."""
    return tuple(_WORDS["surname"])


def given_name(name: str) -> str:
    """Return the given name of a Korean full name (윤지수 → 지수); `name` itself where no surname can be told apart."""
    for surname in _WORDS["surname"]:
        if name.startswith(surname) and len(name) - len(surname) == 2 and re.fullmatch("[가-힣]{3,4}", name):
            return name[len(surname) :]
    return name


def stands_in(word: str, text: str) -> bool:
    """Say whether `word`, of any kind, stands in `text` as a word of its own, with particles, a title or 하다 behind it.

    `등대` is in `등대에서는` and `결혼` in `결혼했대`, but not `수지` in `호수지` nor in `수지침`.
    """
    return bool(_thing(unicodedata.normalize("NFC", word)).search(unicodedata.normalize("NFC", text)))


def _find(text: str, cast: Mapping[str, Sequence[str]]) -> list[_Found]:
    """Return every place where somebody is named, the longest form first where two overlap, in order of place."""
    text = unicodedata.normalize("NFC", text)
    short = _STRETCH.sub(_squeezed, text)
    forms = _forms(tuple((name, tuple(aliases)) for name, aliases in cast.items()))
    found: list[_Found] = []
    for said in dict.fromkeys((text, short)):
        taken: list[_Found] = []
        for surname, name in _surnames(tuple(cast)):
            taken += _titled(said, surname, name)
        for form, name in forms:
            for place in _places(said, form, name):
                if all(place.end <= other.start or place.start >= other.end for other in taken):
                    taken.append(place)
        found += taken
    return sorted(found, key=lambda place: place.start)


@lru_cache(maxsize=256)
def _forms(cast: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[str, str], ...]:
    """Return (form, name) for every form that only one of the cast has, the longest first."""
    owners: dict[str, set[str]] = {}
    for name, aliases in cast:
        for form in (name, given_name(name), *aliases):
            owners.setdefault(unicodedata.normalize("NFC", form), set()).add(name)
    names = {name for name, _ in cast}
    pairs = [
        (form, form if form in names else next(iter(who)))
        for form, who in owners.items()
        if len(who) == 1 or form in names
    ]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=256)
def _surnames(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return (surname, name) for every surname that one person of the cast has and that can be told from the name."""
    owners: dict[str, list[str]] = {}
    for name in names:
        if given_name(name) != name:
            owners.setdefault(name.removesuffix(given_name(name)), []).append(name)
    return tuple((surname, who[0]) for surname, who in owners.items() if len(who) == 1)


def _titled(text: str, surname: str, name: str) -> Iterator[_Found]:
    """Yield where somebody is named by surname and title: 윤 작가님, 강선배. 이 선생 and 한 사람 name nobody."""
    space = "" if surname in _WORDS["determiner"] else " ?"
    pattern = rf"(?<![가-힣]){surname}{space}(?:{_TITLE_OF_SURNAME})(?:님)?(?P<rest>(?:{_REST}){{0,3}})(?![가-힣])"
    for match in re.finditer(pattern, text):
        before, after = text[: match.start()], text[match.end() :]
        yield _Found(name, surname, match.start(), match.end(), _calls(before, match["rest"], after, surname))


def _places(text: str, form: str, name: str) -> Iterator[_Found]:
    for match in _word(form).finditer(text):
        before, after, rest = text[: match.start()], text[match.end() :], match.group("rest")
        calls = _calls(before, rest, after, form)
        if form in _WORDS["ordinary"] and not calls and not _a_person(before, text[match.start() + len(form) :], form):
            continue
        yield _Found(name, form, match.start(), match.end(), calls)


@lru_cache(maxsize=512)
def _thing(word: str) -> re.Pattern[str]:
    friendly, done = "이?" if has_final(word) else "", f"|{_DONE}" if re.search("[가-힣]{2}\\Z", word) else ""
    written = re.escape(word).replace(r"\ ", r"\s?")
    rest = rf"(?:{friendly}(?:{_TITLE})?(?:{_THING}|{_REST}){{0,4}}{done})"
    return re.compile(rf"(?<![가-힣A-Za-z0-9]){written}{rest}(?![가-힣A-Za-z0-9])")


@lru_cache(maxsize=512)
def _word(form: str) -> re.Pattern[str]:
    """Return the pattern of `form` as a word of its own, with what may follow it in the group `rest`."""
    friendly = "이?" if has_final(form) else ""
    written = _as_spelled(form)
    if form.endswith("이") and has_final(form[:-1]):
        written = f"(?:{written}|{re.escape(form[:-1])}(?=아))"  # 꼬맹이, called 꼬맹아
    return re.compile(
        rf"(?<![가-힣A-Za-z0-9]){written}(?:[-~–—·.…]{{1,3}}(?=[야아]))?(?P<rest>{friendly}(?:{_TITLE})?(?:{_REST}){{0,3}})(?:(?<=[야아])아+|(?<=이)이+)?(?![가-힣A-Za-z0-9])"
    )


def _as_spelled(form: str) -> str:
    """Return a pattern of `form` as people write it: 지-수, 지… 수, 지이수우, 민주운, or 지 수 with a space after each syllable."""
    if not re.fullmatch("[가-힣]{2,}", form):
        return re.escape(form).replace(r"\ ", r"\s?")
    drawn = [_drawn(syllable) for syllable in form]
    return f"(?:{r'(?:[-~–—·.…]{1,3} ?)?'.join(drawn)}|{' '.join(form) if len(form) > 2 else drawn[0] + drawn[1]})"


def _drawn(syllable: str) -> str:
    """Return a pattern of a syllable whose vowel may be drawn out: 수 수우 수우우, 준 주우운."""
    code = ord(syllable) - 0xAC00
    vowel, final = code // 28 % 21, code % 28
    echo = chr(0xAC00 + (11 * 21 + vowel) * 28)  # ㅇ and the same vowel
    if not final:
        return f"{syllable}{echo}*"
    return f"(?:{syllable}|{chr(ord(syllable) - final)}{echo}*{chr(ord(echo) + final)})"


def _calls(before: str, rest: str, after: str, form: str) -> bool:
    """Say whether a form between `before` and `after`, followed by `rest`, addresses the person."""
    rest = re.sub(r"(?<=[야아])아+\Z|(?<=이)이+\Z", "", rest)
    if _SAID.match(after):
        return False
    if re.match(_YOU, after) and rest in ("", "이"):
        return True
    alone = bool(_BREAK.search(before) or _INTERJECTION.search(before))
    ends = re.match(r"\s*(?:[.!?…,~”’\"']|\Z)", after)
    title = re.match(rf"\s(?:{_TITLE}|동지|요원|소장|대협|동무)(?=\s*(?:[.!?…,~]|\Z))", after)
    if rest in ("아", "이여", "여") or (rest == "이" and re.match(r"[…~!]", after) and not has_final(form)):
        return bool(ends) or alone or has_final(form)
    if rest == "야":
        if not ends:
            return alone and not re.match(r"\s(?:뭐|원래|물론|당연|늘|항상|말할|그렇|워낙|이미|언제나|본래)", after)
        bare = not _THEME.search(before) and not re.search(r"[가-힣]\s\Z", before)
        return alone or bare or after.lstrip()[:1] == ","
    if rest == "이" and title:
        return alone
    if rest == "" or re.fullmatch(_TITLE, rest):
        if re.match(r"\s*[,….]\s*(?:걔|그놈|그 |그게|그거|이 사람|그런|말이)", after):
            return False
        if re.search(r",\s*\Z", before) and not (ends or title):
            return False
        return alone and bool(ends or title)
    return False


def _a_person(before: str, after: str, form: str) -> bool:
    """Say whether something near an ordinary word speaks for its being somebody's name here."""
    if form in _WORDS["office"]:
        if _SOMEBODY_ELSE.search(before) or re.match(r"\s(?:기사|운전|만족|출석|시험)", after):
            return False
        return not re.search(r"[가-힣]\s\Z", before) or not re.search(r"(?:학교|혈액|우리 반|전국|지역)\s\Z", before)
    if form in _WORDS["mainly"]:
        spoken_of = re.match(_PERSON_WORD, after) or not _NO_PERSON.match(after)
        return bool(spoken_of) and not _QUALIFIED.search(before) and not _describes(before)
    if re.match(r"이?(?:한테|에게|께|더러)", after):
        return True
    if _MODIFIED.search(before):
        return False
    if has_final(form) and re.match(r"이(?:가|는|도|를|랑|의|만|한테|네|야|\s말|\s너)", after):
        return True
    return bool(re.match(_PERSON_WORD, after) or _PERSON_CASE.match(after) or _PERSON_VERB.match(after))


def _describes(before: str) -> bool:
    """Say whether `before` ends in a short adjective of a noun to come: 제일 큰, 참 긴."""
    return bool(re.search(r"(?:^|\s)(?:큰|긴|단|쓴|센|싼|먼)\s\Z", before))


def _squeezed(match: re.Match[str]) -> str:
    """Return the two syllables of a stretched vowel as one: 수우 → 수, 쌔앰 → 쌤."""
    first, second = ord(match[1]) - 0xAC00, ord(match[2]) - 0xAC00
    if first % 28 or first // 28 % 21 != second // 28 % 21 or second // 588 != 11:
        return match[0]
    return chr(0xAC00 + first + second % 28)
