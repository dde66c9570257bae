"""Search in own conversations by all words of a query, in titles and messages."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.errors import InvalidRequest
from chat.store.search import Search

from .engines import counts
from .scenarios import DIED, begin, checkpoint_delta, completed_turn, delete, finish, search


def marked(hit):
    """Return the words that a snippet marks."""
    return [hit.snippet.text[begin:end] for begin, end in hit.snippet.marks]


class TestWords:
    def test_all_of_them_in_one_text(self, store, user, say):
        both = say("The market of China grew.")
        say("China", "market")
        assert search(store, user, "china MARKET") == [both.id]

    def test_the_last_may_be_unfinished_and_only_the_last(self, store, user, say):
        one = say("Exports of manganese")
        assert search(store, user, "exports mang") == [one.id]
        assert search(store, user, "mang exports") == []

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("Ein Gespräch über Zürich", "gesprach uber zurich"),
            ("Zurich", "Zürich"),
            ("Zu\u0308rich", "zürich"),
            ("ΑΘΗΝΑ", "αθήνα"),
            ("Ελλάδα", "ελλαδα"),
            ("МОСКВА", "москва"),
            ("the U.S. economy", "U.S."),
            ("don't", "don't"),
            ("a_snake_case", "snake"),
            ("Answer: 42", "42"),
        ],
    )
    def test_case_accents_and_signs(self, store, user, say, text, query):
        one = say(text)
        say("something else")
        assert search(store, user, query) == [one.id]

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("请给我看中国市场的数据", "中国"),
            ("请给我看中国市场的数据", "市"),
            ("请给我看中国市场的数据", "中国 数据"),
            ("東京の天気はどうですか", "天気"),
            ("カタカナの言葉", "タカナ"),
            ("한국의 시장", "한국"),
            ("ตลาดหุ้นไทย", "หุ้น"),
            ("GDP增长5%", "gdp增长"),
            ("𠮷野家", "𠮷野"),
        ],
    )
    def test_scripts_without_blanks(self, store, user, say, text, query):
        one = say(text)
        say("国中 場 何か 국한 ไทย 长增")
        assert search(store, user, query) == [one.id]
        assert marked(store.search.find(user, query, 5)[0][0])

    @pytest.mark.parametrize("query", ["", " ", "***", '"', '""', "(", "🚀", "\x00", "-", "_"])
    def test_no_word_at_all(self, store, user, say, query):
        say("anything *** ( 🚀")
        assert store.search.find(user, query, 5) == ([], None)

    @pytest.mark.parametrize(
        "query",
        ['"china', 'china"', "china*", "(china", "china)", "china AND", "NOT china", "text:china", "{text}:china",
         "^china", "china + market", "-china", "owner : u2", "NEAR(china market)", "china OR zebra", "a\x00china"],
    )  # fmt: skip
    def test_what_looks_like_the_indexs_own_language(self, store, user, say, query):
        """The query is treated as words and never raises an error."""
        one = say(f"here {query} there".replace("\x00", " "))
        say("zebra")
        assert search(store, user, query) == [one.id]

    @given(query=st.text(max_size=60))
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_anything_may_be_asked(self, store, user, query):
        store.search.find(user, query, 5)

    def test_very_much_may_be_asked(self, store, user, say):
        one = say("x " * 2_500)
        assert search(store, user, "x " * 2_500) == [one.id]
        assert search(store, user, "y" * 5_000) == []


class TestWhose:
    def test_only_ones_own(self, store, user, stranger, say):
        mine = say("canary", title="canary")
        theirs = store.conversations.create(stranger, "canary")
        completed_turn(store, theirs, "canary", "canary")
        assert search(store, user, "canary") == [mine.id]
        assert search(store, stranger, "canary") == [theirs.id]
        assert search(store, stranger + 1, "canary") == []

    def test_nobody_finds_temporary_ones(self, store, user):
        temporary = store.conversations.create(user, "canary title", temporary=True)
        completed_turn(store, temporary, "canary", "canary", title="canary")
        store.conversations.change(temporary, title="canary again")
        assert search(store, user, "canary") == []

    def test_the_owners_mark_is_no_word(self, store, user, say):
        say("something")
        assert search(store, user, f"u{user}") == []


class TestInStep:
    def test_a_question_at_once_and_an_answer_at_its_end(self, store, user, conversation):
        started = begin(store, conversation, "apricots")
        store.turns.checkpoint([checkpoint_delta(started.turn, "bananas")], [started.turn.id])
        assert (search(store, user, "apricots"), search(store, user, "bananas")) == ([conversation.id], [])
        finish(store, started.turn, "bananas and cherries")
        assert search(store, user, "bananas") == [conversation.id]

    def test_a_checkpoint_leaves_the_index_alone(self, store, conversation):
        started = begin(store, conversation, "apricots")
        before = counts(store.engine)
        for number in range(20):
            store.turns.checkpoint([checkpoint_delta(started.turn, "bananas ", number)], [started.turn.id])
        assert counts(store.engine) == before | {"progress": 20}

    def test_what_a_dead_worker_left(self, store, user, conversation):
        started = begin(store, conversation)
        store.turns.checkpoint([checkpoint_delta(started.turn, "half")], [started.turn.id])
        assert store.turns.interrupt_lost([], {}, [started.turn.id], DIED) == [started.turn.id]
        assert search(store, user, "half") == [conversation.id]

    def test_titles(self, store, user):
        one = store.conversations.create(user, "apricots")
        two = store.conversations.create(user)
        completed_turn(store, two, "Q", "A", title="apricots too")
        assert search(store, user, "apricots") == [two.id, one.id]
        store.conversations.change(one, title="bananas")
        store.conversations.change(one, pinned=True)
        assert (search(store, user, "apricots"), search(store, user, "bananas")) == ([two.id], [one.id])

    def test_a_deletion_forgets(self, store, user, say):
        before = counts(store.engine)
        deleted = say("apricots", "bananas", "cherries")
        delete(store, deleted)
        assert [search(store, user, word) for word in ("apricots", "bananas", "cherries")] == [[], [], []]
        after = counts(store.engine)
        tables = {name for name in before if name.endswith(("_search", "_search_content"))}
        assert {"message_search", "title_search"} <= tables
        assert {name: after[name] for name in tables} == {name: before[name] for name in tables}

    def test_what_was_refused_is_not_found(self, store, user, conversation):
        begin(store, conversation, "apricots")
        with contextlib.suppress(Exception):
            begin(store, conversation, "bananas", title="bananas")
        assert search(store, user, "bananas") == []


class TestPages:
    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
    def test_each_once_titles_first_then_the_newest(self, store, user, say, limit):
        answered = [say("apricots", "apricots") for _ in range(4)]
        titled = [say("apricots" if number else "Q", title="Apricots") for number in range(3)]
        completed_turn(store, answered[0], "apricots again", "A")
        say("bananas")
        expected = [each.id for each in (*reversed(titled), answered[0], *reversed(answered[1:]))]
        pages, cursor = [], ""
        while cursor is not None:
            page, cursor = store.search.find(user, "apricots", limit, cursor)
            assert len(page) <= limit
            pages.extend(page)
        assert [hit.conversation.id for hit in pages] == expected
        assert [hit.snippet.message_id is None for hit in pages] == [True] * 3 + [False] * 4

    def test_a_conversation_with_more_hits_than_a_page_looks_at(self, store, user, say):
        search = Search(store.engine, store.index, max_hits=5)
        first = say("apricots")
        long = store.conversations.create(user)
        for _ in range(10):
            completed_turn(store, long, "apricots", "apricots")
        hits, cursor = [], ""
        while cursor is not None:
            page, cursor = search.find(user, "apricots", 10, cursor)
            hits += [hit.conversation.id for hit in page]
        assert hits == [long.id, first.id]

    @pytest.mark.parametrize("cursor", ["x", "t-", "m-x", "1-1", "t-1-1", "t-" + "9" * 19, "m-²"])
    def test_a_cursor_that_no_page_gave(self, store, user, cursor):
        with pytest.raises(InvalidRequest) as refused:
            store.search.find(user, "x", 5, cursor)
        assert refused.value.field == "cursor"


class TestSnippets:
    def hit(self, store, user, query):
        (hit,), _ = store.search.find(user, query, 5)
        return hit

    def test_of_a_message(self, store, user, say):
        one = say("Q", "The economy of China grew: " + "and so on " * 100)
        hit = self.hit(store, user, "CHIN")
        assert hit.snippet.text.startswith("The economy of China grew: and so on")
        assert hit.snippet.text.endswith("…")
        assert marked(hit) == ["Chin"]
        assert hit.snippet.message_id == store.ownership.conversation(user, one.id).head_id

    def test_of_a_title(self, store, user, say):
        say(title="Märkte in China")
        hit = self.hit(store, user, "markte")
        assert (hit.snippet.text, marked(hit), hit.snippet.message_id) == ("Märkte in China", ["Märkte"], None)

    def test_in_the_middle_of_a_long_text_where_most_words_are(self, store, user, say):
        say("Q", "alpha " + "x " * 500 + "🚀 alpha\nand beta " + "y " * 500)
        hit = self.hit(store, user, "alpha beta")
        assert marked(hit) == ["alpha", "beta"]
        assert "🚀 alpha and beta" in hit.snippet.text
        assert (hit.snippet.text[0], hit.snippet.text[-1]) == ("…", "…")
        assert len(hit.snippet.text) <= 162

    def test_only_whole_words_are_marked_and_decomposed_letters_count_as_one(self, store, user, say):
        say("Q", "chart art Zu\u0308rich art")
        hit = self.hit(store, user, "art zürich")
        assert marked(hit) == ["art", "Zürich", "art"]

    def test_every_text_can_be_cut(self, store, user, say):
        say("Q", "é" * 1000 + " word")
        assert marked(self.hit(store, user, "word")) == ["word"]

    def test_markup_is_text(self, store, user, say):
        say("Q", "<b>bold</b> & <script>")
        assert self.hit(store, user, "bold").snippet.text == "<b>bold</b> & <script>"

    def test_an_answers_markdown_is_shown_without_its_signs(self, store, user, say):
        say(
            "Q", "**A comparison:** of 🚀 `GDP` in [China](https://example.org/asia)\n\n| a | b |\n|---|---|\n| 1 | 2 |"
        )
        hit = self.hit(store, user, "comparison china")
        assert hit.snippet.text == "A comparison: of 🚀 GDP in China a b 1 2"
        assert marked(hit) == ["comparison", "China"]

    def test_what_was_asked_is_shown_as_it_was_typed(self, store, user, say):
        say("**What** is _this_?", "A")
        assert self.hit(store, user, "what").snippet.text == "**What** is _this_?"

    def test_a_word_in_a_links_address_is_shown_there(self, store, user, say):
        say("Q", "See [this](https://example.org/asia).")
        hit = self.hit(store, user, "asia")
        assert marked(hit) == ["asia"]
        assert "example.org/asia" in hit.snippet.text
