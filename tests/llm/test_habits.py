from __future__ import annotations

from chat.llm.habits import REMEMBERED_S, Habit, Habits
from chat.llm.refusals import TOOLS, USAGE


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_what_a_model_lacks_is_remembered_for_that_model():
    habits = Habits(Clock())
    assert habits.learn("a", [TOOLS]) == {TOOLS}
    assert habits.learn("a", [TOOLS, USAGE]) == {USAGE}
    assert habits.learn("a", [TOOLS]) == set()
    assert habits.of("a") == Habit(frozenset({TOOLS, USAGE}))
    assert habits.of("b") == Habit()


def test_an_endpoint_that_was_upgraded_has_its_tools_back():
    clock = Clock()
    habits = Habits(clock)
    habits.learn("a", [TOOLS], room=500)
    clock.now += REMEMBERED_S + 1
    assert habits.of("a") == Habit()
    assert habits.learn("a", [TOOLS]) == {TOOLS}


def test_the_room_is_the_latest():
    habits = Habits(Clock())
    habits.learn("a", room=500)
    habits.learn("a", [TOOLS])
    habits.learn("a", room=700)
    assert habits.of("a") == Habit(frozenset({TOOLS}), 700)


def test_a_refusal_that_no_option_explains_is_not_tried_on_for_a_while():
    clock = Clock()
    habits = Habits(clock)
    habits.learn("a", [TOOLS])
    habits.do_not_guess("a")
    assert not habits.of("a").guess
    assert habits.of("a").lacks == {TOOLS}
    clock.now += 700
    assert habits.of("a").guess


def test_no_more_models_are_remembered_than_can_be():
    habits = Habits(Clock())
    for number in range(1500):
        habits.learn(f"model {number}", [TOOLS])
    assert habits.of("model 0") == Habit()
    assert habits.of("model 1499").lacks == {TOOLS}
