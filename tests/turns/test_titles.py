"""Titles written by a model: from which text, when they are requested, and that nothing waits for them."""

from __future__ import annotations

import threading
import time

import pytest

from chat.errors import ModelRejected
from chat.messages import ReasoningDelta, TextDelta
from chat.turns.titles import TITLE_CHARS, FirstExchange, Titles, tidy
from scripts.kit.waiting import poll

from .worker import LONG_S, received

TITLES = {
    "China market data": "China market data",
    '"China market data."': "China market data",
    "**China market data**": "China market data",
    "# China market data\n\nIt covers …": "China market data",
    "Title: China market data": "China market data",
    "**Titel:** „Chinas Märkte“": "Chinas Märkte",
    "标题:中国市场数据。": "中国市场数据",
    "「中国市场数据」": "中国市场数据",
    "<think>They ask for\na title: “X”.</think>\n\nChina market data": "China market data",
    "<THINK>cut short": "",
    "<title>China market data</title>": "China market data",
    "- China  market\tdata": "China market data",
    "\n\n  China market data  \n": "China market data",
    "`rm -rf` explained": "rm -rf explained",
    "Introduction to C#": "Introduction to C#",
    "List<int> in Java": "List<int> in Java",
    "Economy of the U.S.": "Economy of the U.S.",
    "Is 5 > 3?": "Is 5 > 3?",
    "GDP ~3.5%": "GDP ~3.5%",
    "\u202eoliated\u202c view": "oliated view",
    "می\u200cخواهم": "می\u200cخواهم",
    "👩\u200d🔬 Science": "👩\u200d🔬 Science",
    "a\x00b\x1bc": "a b c",
    "": "",
    "...": "",
    '""': "",
    "**": "",
    "word " * 100: "",
}


@pytest.mark.parametrize("text", TITLES, ids=range(len(TITLES)))
def test_titles_from_a_models_text(text):
    assert tidy(text) == TITLES[text]


@pytest.mark.parametrize(
    "text", ["Growth of India and China since 2010 compared in constant dollars", "中" * 100, "x" * 90]
)
def test_a_long_one_is_shortened(text):
    title = tidy(text)
    assert TITLE_CHARS // 2 < len(title) <= TITLE_CHARS
    assert title.endswith("…")


@pytest.fixture
def worker(make_worker):
    return make_worker(title_model="small")


def ask(worker, conversation, text="Show me China market data"):
    started = worker.ask(conversation, text, title=text)
    received(worker.follower.frames(started.turn, 0))
    return started


def title_of(store, user, conversation, wanted):
    """Return the title once it equals `wanted`, or the current one after a while."""

    def title() -> str:
        return store.ownership.conversation(user, conversation.id).title

    poll(lambda: title() == wanted, LONG_S)
    return title()


def test_it_is_asked_for_after_the_first_answer_and_no_other(worker, model, store, user, conversation):
    model.will(TextDelta("China grew."))
    model.will(TextDelta("“China’s markets.”"))
    ask(worker, conversation)
    assert title_of(store, user, conversation, "China’s markets") == "China’s markets"
    context = model.seen[1]
    assert [message.role for message in context] == ["system", "user"]
    assert "Show me China market data" in context[1].text
    assert "China grew." in context[1].text
    ask(worker, conversation, "And India?")
    assert len(model.seen) == 3


def test_the_end_of_the_answer_does_not_wait_for_it(worker, model, store, user, conversation):
    go = threading.Event()

    def held(_messages, _cancellation):
        assert go.wait(LONG_S)
        yield TextDelta("Late")

    model.will(TextDelta("Answer."))
    model.will_run(held)
    ask(worker, conversation)  # returns with `done`
    assert store.ownership.conversation(user, conversation.id).title == "Show me China market data"
    go.set()
    assert title_of(store, user, conversation, "Late") == "Late"


@pytest.mark.parametrize("name", ["Mine", "Show me China market data"], ids=["another name", "the same words"])
def test_a_name_that_the_user_gave_stays(worker, model, store, user, conversation, name):
    renamed, ended = threading.Event(), threading.Event()

    def held(_messages, _cancellation):
        assert renamed.wait(LONG_S)
        yield TextDelta("The model’s")
        ended.set()

    model.will(TextDelta("Answer."))
    model.will_run(held)
    ask(worker, conversation)
    store.conversations.change(conversation, title=name)
    renamed.set()
    assert ended.wait(LONG_S)
    worker.titles.stop()
    time.sleep(0.1)
    assert store.ownership.conversation(user, conversation.id).title == name


def test_a_conversation_that_was_named_at_its_beginning(worker, model, store, user):
    named = store.conversations.create(user, "Mine")
    ask(worker, named)
    assert store.ownership.conversation(user, named.id).title == "Mine"
    assert len(model.seen) == 1


def test_a_failure_leaves_the_first_words_and_is_not_repeated(worker, model, store, user, conversation):
    def fails(_messages, _cancellation):
        raise ModelRejected("No such model.")
        yield

    model.will(TextDelta("Answer."))
    model.will_run(fails)
    ask(worker, conversation)
    poll(lambda: len(model.seen) >= 2, LONG_S)
    time.sleep(0.1)
    ask(worker, conversation, "And India?")
    time.sleep(0.1)
    assert len(model.seen) == 3
    assert store.ownership.conversation(user, conversation.id).title == "Show me China market data"


def test_after_a_first_answer_that_failed_the_next_one_gives_it(worker, model, store, user, conversation):
    def fails(_messages, _cancellation):
        raise ModelRejected("Not now.")
        yield

    model.will_run(fails)
    ask(worker, conversation)
    model.will(TextDelta("Answer."))
    model.will(TextDelta("A title"))
    ask(worker, conversation, "Again")
    assert title_of(store, user, conversation, "A title") == "A title"


def test_the_name_none_switches_titles_off(make_worker, model, store, user, conversation):
    ask(make_worker(title_model="none"), conversation)
    assert store.ownership.conversation(user, conversation.id).title == "Show me China market data"
    assert len(model.seen) == 1


def test_text_beyond_the_limit_is_not_read(worker, model, store, user, conversation):
    read = []

    def endless(_messages, _cancellation):
        while True:
            read.append(1)
            yield TextDelta("word " * 10)

    model.will(TextDelta("Answer."))
    model.will_run(endless)
    ask(worker, conversation)
    poll(lambda: read, LONG_S)
    time.sleep(0.2)
    assert len(read) < 50


def test_endless_thoughts_are_not_read_either(model, store):
    read = []

    def endless(_messages, _cancellation):
        while True:
            read.append(1)
            yield ReasoningDelta("hm " * 100)

    model.will_run(endless)
    titles = Titles(store, model, "")
    titles.request(FirstExchange(1, "large", "Q", "A"))
    time.sleep(0.3)
    assert 0 < len(read) < 100


def test_few_at_a_time_and_those_that_wait_are_bounded(model, store):
    go, running, most = threading.Event(), [], []

    def held(_messages, cancellation):
        running.append(1)
        most.append(len(running))
        with cancellation.closing(go.set):
            go.wait(LONG_S)
        running.pop()
        yield TextDelta("T")

    titles = Titles(store, model, "")
    for number in range(300):
        model.will_run(held)
        titles.request(FirstExchange(number + 1, "large", "Q", "A"))
    time.sleep(0.2)
    assert len(running) == 4
    go.set()
    poll(lambda: len(model.seen) >= 204, LONG_S)
    time.sleep(0.2)
    assert len(model.seen) <= 204
    assert max(most) == 4
