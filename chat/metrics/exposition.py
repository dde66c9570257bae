"""Prometheus' text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chat.metrics.counters import Key
from chat.metrics.families import SUM, Family, Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of this moment, by the values of its labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    values: Mapping[tuple[str, ...], float] = field(default_factory=dict)


def render(families: Iterable[Family], sums: Mapping[Key, float], gauges: Iterable[Gauge]) -> str:
    """Return all figures. A family without a figure has only its description."""
    by_family: dict[str, dict[Key, float]] = {}
    for key, value in sums.items():
        by_family.setdefault(key[0], {})[key[1:]] = value
    lines: list[str] = []
    for family in families:
        lines += _description(family.name, family.help, family.kind)
        values = by_family.get(family.name, {})
        lines += _histogram(family, values) if isinstance(family, Histogram) else _counter(family, values)
    for gauge in gauges:
        lines += _description(gauge.name, gauge.help, "gauge")
        lines += [_sample(gauge.name, gauge.labels, labels, value) for labels, value in gauge.values.items()]
    return "\n".join(lines) + "\n"


def _counter(family: Family, values: Mapping[Key, float]) -> Iterator[str]:
    if not family.labels:
        yield _sample(family.name, (), (), values.get((), 0.0))
        return
    for labels, value in sorted(values.items()):
        if len(labels) == len(family.labels):
            yield _sample(family.name, family.labels, labels, value)


def _histogram(family: Histogram, values: Mapping[Key, float]) -> Iterator[str]:
    for labels in sorted({key[:-1] for key in values if len(key) == len(family.labels) + 1}):
        count = 0.0
        for bound in family.bucket_names:
            count += values.get((*labels, bound), 0.0)
            yield _sample(_part(family, "bucket"), (*family.labels, "le"), (*labels, bound), count)
        yield _sample(_part(family, "sum"), family.labels, labels, values.get((*labels, SUM), 0.0))
        yield _sample(_part(family, "count"), family.labels, labels, count)


def _part(family: Histogram, part: str) -> str:
    return f"{family.name}_{part}"


def _description(name: str, help_text: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {_escaped(help_text)}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, names: Sequence[str], values: Sequence[str], value: float) -> str:
    pairs = ",".join(f'{label}="{_quoted(text)}"' for label, text in zip(names, values, strict=True))
    return f"{name}{{{pairs}}} {_number(value)}" if pairs else f"{name} {_number(value)}"


def _number(value: float) -> str:
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
