"""Full-text search with PostgreSQL's text vectors, which finds what the search in SQLite finds.

PostgreSQL's own parsers know no Chinese, Japanese, Korean and Thai, and take an address or a number with a sign as one
word. So the words of a text are made here, as SQLite's index makes them (see `tokenizer.py`): runs of letters and
digits, and each character of a script without blanks. Every text is indexed under its words, under the pairs of such
characters, and under its owner.

A search word that consists of several words is a phrase. A pair of characters is in the index; a longer phrase is
looked for in the texts that have all its parts. Vectors with positions would find phrases by themselves, but only
in the first 16,383 words of a text and among the first 256 occurrences of a word.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Generator, Iterator, Sequence

from chat.store.engines.contract import Rows, T, TextKind
from chat.store.engines.postgresql.statements import array
from chat.store.tokenizer import UNSPACED, indexable, is_prefix

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")

# Bytes of one word and of all words of a text in the index; PostgreSQL takes 2,046 and 1,048,575.
_WORD_CHARS = 200
_TEXT_BYTES = 1_000_000

_PUT: dict[TextKind, str] = {
    "title": """
        INSERT INTO title_search (id, words) SELECT id, array_to_tsvector(CAST(column2 AS TEXT[]))
        FROM (VALUES {rows}) AS new JOIN conversations ON id = column1 ORDER BY id
        ON CONFLICT (id) DO UPDATE SET words = excluded.words
    """,
    "message": """
        INSERT INTO message_search (id, words) SELECT id, array_to_tsvector(CAST(column2 AS TEXT[]))
        FROM (VALUES {rows}) AS new JOIN messages ON id = column1 ORDER BY id
        ON CONFLICT (id) DO UPDATE SET words = excluded.words
    """,
}

_WORD_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = current_schema() AND indexname IN ('message_search_words', 'title_search_words')
"""

# The hits are found first, because the planner cannot know how few there are.
TITLES = """
    WITH hits AS MATERIALIZED (SELECT id FROM title_search WHERE words @@ CAST(? AS TSQUERY))
    SELECT conversations.id, conversations.id, {text}
    FROM hits JOIN conversations ON conversations.id = hits.id
    WHERE conversations.id < ? AND user_id = ? AND temporary = 0
    ORDER BY 1 DESC LIMIT ?
"""
MESSAGES = """
    WITH hits AS MATERIALIZED (SELECT id FROM message_search WHERE words @@ CAST(? AS TSQUERY))
    SELECT messages.id, conversation_id, {text}
    FROM hits JOIN messages ON messages.id = hits.id JOIN conversations ON conversations.id = conversation_id
    WHERE messages.id < ? AND user_id = ? AND temporary = 0
    ORDER BY 1 DESC LIMIT ?
"""
CONVERSATIONS_FROM = """
    WITH hits AS MATERIALIZED (SELECT id FROM message_search WHERE words @@ CAST(? AS TSQUERY) AND id >= ?)
    SELECT messages.id, conversation_id, {text} FROM hits JOIN messages ON messages.id = hits.id
"""

# Texts read at a time to look for phrases in them.
_PORTION = 100


class PostgresqlFullText:
    """The two indexes. The methods are called inside a read or a write."""

    def __init__(
        self,
        execute: Callable[[str, Sequence[object]], Rows],
        execute_rows: Callable[[str, Sequence[Sequence[object]]], int],
    ) -> None:
        self._execute = execute
        self._execute_rows = execute_rows

    def put(self, kind: TextKind, texts: Sequence[tuple[int, int, str]]) -> None:
        rows = {row_id: (row_id, array(_index_words(user_id, text))) for row_id, user_id, text in texts}
        self._execute_rows(_PUT[kind], list(rows.values()))

    def bulk(self, work: Callable[[], T]) -> T:
        # An index that is built afterwards sorts its words once, and finds no place for each of them.
        indexes = self._execute(_WORD_INDEXES, ()).fetchall()
        for name, _ in indexes:
            self._execute(f"DROP INDEX {name}", ())
        result = work()
        for _, definition in indexes:
            self._execute(definition, ())
        return result

    def titles(self, user_id: int, words: Sequence[str], before: int, limit: int) -> list[int]:
        return [title for title, _ in self._newest(TITLES, "title", user_id, words, before, limit)]

    def messages(
        self, user_id: int, words: Sequence[str], before: int, limit: int
    ) -> Generator[tuple[int, int], None, None]:
        yield from self._newest(MESSAGES, "text", user_id, words, before, limit)

    def conversations_from(self, user_id: int, words: Sequence[str], message_id: int) -> set[int]:
        query = Query(user_id, words)
        if not query.text:
            return set()
        statement = CONVERSATIONS_FROM.format(text="text" if query.phrases else "''")
        rows = self._execute(statement, (query.text, message_id)).fetchall()
        return {conversation for _, conversation, text in rows if query.accepts(text)}

    def _newest(
        self, statement: str, text: str, user_id: int, words: Sequence[str], before: int, limit: int
    ) -> Iterator[tuple[int, int]]:
        """Return hits below `before`, newest first."""
        query = Query(user_id, words)
        statement = statement.format(text=text if query.phrases else "''")
        portion = _PORTION if query.phrases else limit
        count, more = 0, bool(query.text)
        while more and count < limit:
            rows = self._execute(statement, (query.text, before, user_id, portion)).fetchall()
            more = len(rows) == portion
            for row_id, conversation, content in rows:
                before = row_id
                if count < limit and query.accepts(content):
                    count += 1
                    yield row_id, conversation


class Query:
    """A query for texts of `owner` with all words. `text` is the query of the index, or "" if nothing can match.

    `phrases` are what a text that the index finds must also contain.
    """

    def __init__(self, owner: int, words: Sequence[str]) -> None:
        terms: list[str] = []
        self.phrases: list[str] = []
        for position, word in enumerate(words):
            parts = _words(word)
            unfinished = position == len(words) - 1 and is_prefix(word)
            terms += _terms(parts, unfinished)
            if len(parts) > 2 or (len(parts) == 2 and not _is_pair(*parts)) or any(len(p) > _WORD_CHARS for p in parts):
                self.phrases.append(f" {' '.join(parts)}{'' if unfinished else ' '}")
        self.text = " & ".join([f"'{_owner(owner)}'", *dict.fromkeys(terms)]) if terms else ""

    def accepts(self, text: str) -> bool:
        """Return whether a text that the index has found contains the phrases."""
        if not self.phrases:
            return True
        content = f" {' '.join(_words(text))} "
        return all(phrase in content for phrase in self.phrases)


def _words(text: str) -> list[str]:
    return _WORD.findall(indexable(text).lower())


def _is_pair(first: str, second: str) -> bool:
    """Return whether two adjacent words are characters of scripts without blanks."""
    return _UNSPACED.match(first) is not None and _UNSPACED.match(second) is not None


def _index_words(owner: int, text: str) -> list[str]:
    """Return what a text is indexed under."""
    words = _words(text)
    pairs = (first + second for first, second in itertools.pairwise(words) if _is_pair(first, second))
    under, size = [_owner(owner)], 0
    for word in dict.fromkeys([*words, *pairs]):
        size += len(word[:_WORD_CHARS].encode())
        if size > _TEXT_BYTES:
            break
        under.append(word[:_WORD_CHARS])
    return list(dict.fromkeys(under))


def _terms(parts: Sequence[str], unfinished: bool) -> list[str]:
    """Return the terms of a query for the parts of a word, the last one as a prefix if it is unfinished.

    Each is quoted and consists of letters and digits, so it cannot contain syntax.
    """
    if len(parts) == 1:
        return [_term(parts[0], unfinished)]
    terms = [_term(each, unfinished and each is parts[-1]) for each in parts if not _UNSPACED.match(each)]
    pairs = [first + second for first, second in itertools.pairwise(parts) if _is_pair(first, second)]
    alone = [each for each in parts if _UNSPACED.match(each) and not any(each in pair for pair in pairs)]
    return terms + [_term(each, unfinished=False) for each in [*pairs, *alone]]


def _term(word: str, unfinished: bool) -> str:
    return f"'{word[:_WORD_CHARS]}'{':*' * unfinished}"


def _owner(user_id: int) -> str:
    """Return the word of a text's owner, which is no word of a text."""
    return f"@{user_id}"
