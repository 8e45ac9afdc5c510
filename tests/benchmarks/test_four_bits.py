"""What the ways of `benchmarks.four_bits` cost: the one that plays is what the plan says, the others what they keep or add."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from benchmarks.four_bits import WAYS, Way, held
from model.plan import Load, plan
from model.shape import Shape

LDCC = Shape.of_config(json.loads((Path(__file__).parents[2] / "model" / "ldcc.json").read_text("utf-8")), "ldcc")


def test_the_way_that_plays_takes_what_the_plan_says():
    planned = {part.name: part.bytes for part in plan(LDCC, Load()).parts}
    assert WAYS[0].bytes(LDCC) == pytest.approx(planned["linear layers"], rel=1e-4)
    more = next(way for way in WAYS if way.rank == 16 and way.weighted).bytes(LDCC) - WAYS[0].bytes(LDCC)
    assert more == planned["adapters"]  # of rank 16


def test_what_is_kept_whole_is_counted_in_sixteen_bits():
    down = LDCC.layers * LDCC.inner * LDCC.hidden
    plain = WAYS[0].bytes(LDCC)
    assert Way("", whole=("down_proj",)).bytes(LDCC) - plain == pytest.approx((2 - 0.516) * down, rel=1e-2)
    assert Way("", ends=True).bytes(LDCC) - plain == pytest.approx(2 / 40 * (2 / 0.516 - 1) * plain, rel=1e-2)


def test_a_weight_is_held_as_its_way_says():
    import torch

    weight, heard = torch.randn(64, 128), torch.rand(128)
    errors = {}
    for way in WAYS:
        found = held(way, "model.layers.1.mlp.down_proj.weight", weight, heard, layers=3)
        errors[way] = float(((found - weight) * heard.sqrt()).norm())
    plays, whole = errors[WAYS[0]], next(way for way in WAYS if way.whole == ("down_proj",))
    assert errors[whole] == 0 and all(error <= 1.01 * plays for error in errors.values())
    ranks = [errors[way] for way in WAYS if way.weighted]
    assert ranks == sorted(ranks, reverse=True) and len(set(ranks)) == 3
