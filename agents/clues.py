"""What in a line of speech speaks for a hint at a fact: what it touches of the fact, whom it names, and how it speaks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.names import mentioned
from agents.paraphrases import concepts, concepts_inside, pointers, words_of
from emotion.conjugation import follows, noun

_NEAREST = 3  # words that touch a fact and count

# How a line speaks that tells a secret, or that does not: (name, what is looked for).
_FORMS = {
    "a thing told": r"거[야예지잖라죠네냐]|겁니|것이[오다옵었]|게[지야]\b|거였|건데|것인|건가",
    "hearsay": r"(?:대|[이니거]래)[요.?!]|답니다|랍니다|라더|다더|던데|더라|더군|더이다|라던|다던|단다|란다|답디다",
    "said back": r"[라다]고[?.!요]|라니|다니[.!?요]|라며|다며|[라다]면서|단 말|란 말|라는|다는",
    "concluded": r"잖아|잖습|[죠지][?]|지요\?|구나|[었였]네|군[요.,]|구려|그렇지",
    "because": r"니까|때문|거든|탓|으니|려고|위해",
    "seen": r"봤|보았|들었|알아[.?!]|안다\.|압니다|아셨|알고|몰라|모르|알면|아는|아시[는면오]|알겠네",
    "not this but that": r"아니라|아니에요|아니야|아니오|아닙니다|아니었|아닌|아니고|말고",
    "sham": r"진짜|사실|실은|가짜|거짓|속이|속인|속였|숨[겼긴기]|몰래|비밀|설마|[하라다]더니|했더니|척|원래",
    "I": r"(?<![가-힣])(내가|제가|나야|나요|저예요|나|나는|난|저|저는|전|내|제|나를|저를|소인이|쇤네가|소녀는)(?![가-힣])",
    "you": r"(?<![가-힣])(네가|니가|너|너는|넌|네|당신|당신이|네놈|네놈이|네년|그대가|자네가)(?![가-힣])",
    "asked to do": r"세요[.!]|십시오|시오[.!]|[아어해]라[.!]|줘[요.!]|주게|합시다|시죠\.|[하가]자[.]|까요\?|드릴게|[을할]게|자[.!]$",
    "why": r"(?<![가-힣])(왜|어째서|어찌|어떻게)(?![가-힣])",
    "then": r"(?<![가-힣])(그날|그때|그 밤|그 시각|그 시간|어젯밤|밤마다|새벽)",
    "that": r"(?<![가-힣])(그거|그게|그건|이거|그런|그것|저거)(?![가-힣])",
    "they": r"(?<![가-힣])([그저] (?:애|아이|사람|놈|여자|남자|양반|인간|분)|걔|저자|저자가|그자|우리 중)",
    "all, already": r"(?<![가-힣])(다|전부|모두|죄다|싹|몽땅|한 푼|하나도|아무도|아무것도|이제|벌써|이미|곧)(?![가-힣])",
    "past": r"[었았였했렸졌갔왔겼났쳤켰봤됐썼]",
    "denied": r"(?<![가-힣])(안|못)(?=[ 가-힣])|않|아니|아닌|아냐|없|말고|리가",
}
_LOOKED_FOR = tuple(re.compile(pattern) for pattern in _FORMS.values())
_OWN = re.compile(
    r"(?<![가-힣])(나|난|내|내가|나는|저|제|제가|저는|전|우리|네|니|너|넌|네가|니가|너는|당신)(?![가-힣])"
)
_NAMES = ("touched", "near", "who", "touched, who", "touched, of the subject", "predicate", "any", "others")
NAMES = (*_NAMES, "touched, of me or you", *_FORMS, "bias")


@dataclass(frozen=True)
class Part:
    """One content word of a fact: its `stem` in jamo, and the concepts to which it points."""

    stem: str
    concepts: frozenset[str]

    def said_in(self, words: Sequence[str]) -> bool:
        """Say whether one of `words` (jamo) has the stem: at its beginning, or alone with particles where it is one syllable."""
        whole = unicodedata.normalize("NFC", self.stem)
        if len(whole) > 1:
            return any(word.startswith(self.stem) for word in words)
        ((base, kind),) = noun(whole)
        return any(word.startswith(base) and follows(kind, word[len(base) :]) for word in words)


def part_of(stem: str, word: str) -> Part:
    """Return the part of a fact that `word`, with its `stem` (NFC), is."""
    return Part(unicodedata.normalize("NFD", stem), concepts([word]) or concepts_inside(stem))


def clues_of(
    text: str, parts: Sequence[Part], people: Sequence[str], cast: Mapping[str, Sequence[str]]
) -> tuple[float, ...]:
    """Return the clues in a line to a fact of these `parts`, about these `people` of the `cast`; the names are `NAMES`.

    A part is touched (0..1) by its stem, or by a word of the table that points to one of its concepts, the rarer the more.
    """
    spoken = words_of(text)
    letters = [unicodedata.normalize("NFD", word) for word in spoken]
    found = pointers(spoken)
    touched: dict[str, float] = {}
    for pointer in found:
        for concept in pointer.concepts:
            touched[concept] = max(pointer.weight, touched.get(concept, 0.0))
    said = [1.0 if p.said_in(letters) else max((touched.get(c, 0.0) for c in p.concepts), default=0.0) for p in parts]
    share = sum(said) / len(said) if said else 0.0
    mine = frozenset().union(*(part.concepts for part in parts))
    near = sum(sorted((p.weight for p in found if p.concepts & mine), reverse=True)[:_NEAREST]) / _NEAREST
    named = mentioned(text, cast)
    who = len({*named} & {*people}) / len(people) if people else 0.0
    personal = float(bool(_OWN.search(text)))
    about = 1.0 if people and people[0] in named else 0.5 * personal
    content = (share, near, who, share * who, share * about, said[-1] if said else 0.0, float(share > 0))
    others = float(bool({*named} - {*people}))
    return (*content, others, share * personal, *(float(bool(form.search(text))) for form in _LOOKED_FOR), 1.0)
