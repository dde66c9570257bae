"""`python scripts/benchmarks/page.py`: the page's bytes and its time until the text box can be used.

It uses a real server with the demo model, and a real Chromium that limits its network. The page is opened with an empty
cache and then once more. For comparison, the same browser loads one line of text from the same server: this time is the
browser's own. Needs Playwright (requirements-dev.txt) and Chromium.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MOST_REQUESTS = 20
MOST_BYTES = 200 * 1024
# The tools' name for a slow mobile network.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
_LINES = {"local": None, "400 kbit/s, 400 ms": SLOW}
_GOALS_S = {"local": 0.5, "400 kbit/s, 400 ms": 3.0}
_USABLE = "() => { const box = document.querySelector('#message-field'); return box && !box.disabled; }"


@dataclass(frozen=True)
class Load:
    """One opening of the page: requests that were answered and bytes that came until the box could be used."""

    requests: int
    bytes: int
    shell_s: float
    usable_s: float


@dataclass(frozen=True)
class Opening:
    """The page with an empty cache and once more; `floor_s` is the time of a line of text in a new browser."""

    cold: Load
    warm: Load
    floor_s: float


def loaded(page: Any, url: str, line: dict[str, Any] | None = None) -> tuple[Load, Load]:
    """Open a page twice: with an empty cache, then with what is kept of it."""
    wire = _wire(page, line)
    return _open(page, wire, url), _open(page, wire, url)


def _wire(page: Any, line: dict[str, Any] | None) -> Any:
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    if line:
        wire.send("Network.emulateNetworkConditions", line)
    return wire


def _open(page: Any, wire: Any, url: str) -> Load:
    page.goto("about:blank")
    from_cache: set[str] = set()
    arrived: dict[str, int] = {}
    sent: set[str] = set()
    wire.on("Network.requestWillBeSent", lambda event: sent.add(event["requestId"]))
    wire.on("Network.requestServedFromCache", lambda event: from_cache.add(event["requestId"]))
    wire.on("Network.responseReceived", lambda event: _from_disk(event, from_cache))
    wire.on("Network.dataReceived", lambda event: _add(arrived, event["requestId"], event["encodedDataLength"]))
    began_at = time.monotonic()
    page.goto(url, wait_until="commit")
    page.wait_for_function("() => document.querySelector('.composer, #message-field')", timeout=120_000)
    shell = time.monotonic() - began_at
    page.wait_for_function(_USABLE, timeout=120_000)
    usable = time.monotonic() - began_at
    result = Load(len(sent - from_cache), sum(arrived.values()), shell, usable)
    page.wait_for_load_state("networkidle", timeout=120_000)
    return result


def _from_disk(event: dict[str, Any], from_cache: set[str]) -> None:
    response = event["response"]
    if response.get("fromDiskCache") or response["url"].startswith("data:"):
        from_cache.add(event["requestId"])


def _add(arrived: dict[str, int], request: str, count: int) -> None:
    arrived[request] = arrived.get(request, 0) + count


def main() -> int:
    """Return the exit status: 0 if every goal was met, 1 if one was missed, 2 if nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python scripts/benchmarks/page.py", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="times each; the median is printed (5)")
    parser.add_argument("--json", action="store_true", help="print every opening as JSON")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        # Only in the development requirements.
        sync_playwright = importlib.import_module("playwright.sync_api").sync_playwright
    except ImportError:
        sync_playwright = None
    if chromium is None or sync_playwright is None:
        print("Wants Playwright (pip install -r requirements-dev.txt) and Chromium.", file=sys.stderr)
        return 2
    from tests.servers.parley import ParleyServer  # noqa: PLC0415 - found only now

    folder = Path(tempfile.mkdtemp(prefix="parley-page-"))
    try:
        with ParleyServer(folder, WEB_CONCURRENCY=1, GRACE_S=0.5) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            lines = {
                name: [_once(browser, server.url, line) for _ in range(options.repeat)] for name, line in _LINES.items()
            }
            browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _report(lines, options.json)


def _once(browser: Any, url: str, line: dict[str, Any] | None) -> Opening:
    with _new_profile(browser) as page:
        floor = _text_s(page, f"{url}/healthz", line)
    with _new_profile(browser) as page:
        return Opening(*loaded(page, url, line), floor)


@contextmanager
def _new_profile(browser: Any) -> Iterator[Any]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    try:
        yield context.new_page()
    finally:
        context.close()


def _text_s(page: Any, url: str, line: dict[str, Any] | None) -> float:
    """Return the seconds until a line of text is loaded, measured in the same way as the page."""
    _wire(page, line)
    page.goto("about:blank")
    began_at = time.monotonic()
    page.goto(url, wait_until="commit")
    page.wait_for_function("() => document.body", timeout=120_000)
    return time.monotonic() - began_at


def _report(lines: dict[str, list[Opening]], as_json: bool) -> int:
    if as_json:
        print(json.dumps({name: [asdict(each) for each in openings] for name, openings in lines.items()}))
    met = True
    print("| line | cache | requests | KB on the wire | shell seen, s | box usable, s | a line of text, s |")
    print("|---|---|---|---|---|---|---|")
    for name, openings in lines.items():
        floor = median(each.floor_s for each in openings)
        for cache, loads in (("cold", [each.cold for each in openings]), ("warm", [each.warm for each in openings])):
            requests, size, shell, usable = (
                median(getattr(load, key) for load in loads) for key in ("requests", "bytes", "shell_s", "usable_s")
            )
            of_browser = f"{floor:.2f}" if cache == "cold" else "-"
            print(
                f"| {name} | {cache} | {requests:.0f} | {size / 1024:.1f} | {shell:.2f} | {usable:.2f} | {of_browser} |"
            )
            met &= requests <= MOST_REQUESTS and size <= MOST_BYTES and usable <= _GOALS_S[name]
    print("Goals: 20 requests, 200 KB, 3 s on the slow line, 0.5 s locally:", "met" if met else "missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.path[:] = [str(ROOT), *(path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent)]
    sys.exit(main())
