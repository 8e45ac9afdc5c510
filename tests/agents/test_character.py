"""What a character may say of what the model drew: whole lines, and their beginnings."""

from dataclasses import replace

import pytest

from agents.character import first_sentence, sound, warmth, weigh, with_shorter
from agents.guards import Rules
from agents.ranking import fit
from model.base import Completion, Sampling
from transcript.turn import Candidate


def drawn(text, *logs):
    """Return a candidate whose tokens are its words."""
    places = [i for i, letter in enumerate(text) if i == 0 or text[i - 1] == " "]
    return Completion.of(text, list(zip(places, logs, strict=True)))


def test_the_beginning_of_a_line_is_a_candidate_of_its_own_with_its_own_likelihood():
    whole = drawn("그물은 다 걷었어. 소금이 웃네.", -1.0, -1.0, -2.0, -5.0, -7.0)
    first, shorter = with_shorter([whole])
    assert first == whole
    assert shorter.text == "그물은 다 걷었어."
    assert shorter.logprob == pytest.approx(-4.0 / 3)
    assert len(shorter.tokens) == 3


def test_a_call_or_a_sigh_is_no_line_of_its_own():
    assert with_shorter([drawn("오빠! 저기 배가 들어와요.", -1.0, -1.0, -1.0, -1.0)]) == (
        drawn("오빠! 저기 배가 들어와요.", -1.0, -1.0, -1.0, -1.0),
    )
    texts = [one.text for one in with_shorter([Completion("… 그래. 등대 불 꺼졌다. 가자!")])]
    assert texts == ["… 그래. 등대 불 꺼졌다. 가자!", "… 그래. 등대 불 꺼졌다."]


def test_one_sentence_has_no_shorter_one_whatever_closes_it():
    for text in ("벌써 다 걷었어…?!", "“그물은 다 걷었어.”", "그물을 다 걷었는데"):
        assert with_shorter([Completion(text, -1.0)]) == (Completion(text, -1.0),)


def test_a_revealing_line_ends_with_its_first_sentence():
    assert first_sentence(Completion(" 내일 첫차로 떠나요. 아마도요.")).text == " 내일 첫차로 떠나요."
    assert first_sentence(Completion(" 내일 첫차로 떠나요")).text == " 내일 첫차로 떠나요"


def test_a_long_line_fits_less_than_a_short_one_of_the_same_mean_and_more_than_its_sum_says():
    short, long = Candidate("배가 왔어.", logprob=-2.0, tokens=4), Candidate("배가 왔어.", logprob=-2.0, tokens=16)
    assert fit(short) > fit(long) > 0.0
    assert (1 - fit(long)) / (1 - fit(short)) == pytest.approx(2.0)
    assert fit(Candidate("배가 왔어.")) == 0.5
    assert fit(Candidate("배가 왔어.", logprob=-1.0)) == fit(Candidate("배가 왔어.", logprob=-1.0, tokens=4))


def test_a_model_that_gives_nothing_gives_a_line_that_did_not_end():
    assert sound(()) == (Completion("", ended=False),)
    assert sound((Completion("왔\x07네.\udc00", float("nan")),)) == (Completion("왔네."),)


def test_each_try_is_drawn_hotter_and_else_alike():
    tries = [warmth(attempt) for attempt in range(3)]
    heat = [one.temperature for one in tries]
    assert heat == sorted(set(heat))
    assert tries[0].temperature == Sampling().temperature
    assert len({replace(one, temperature=1.0) for one in tries}) == 1


def test_a_candidate_keeps_its_likelihood_and_the_tokens_it_is_over():
    (line,) = weigh([("배가 왔어요.", -1.5, 4)], Rules("지은", {"지은": ()}, "해요체"))
    assert (line.logprob, line.tokens) == (-1.5, 4)
