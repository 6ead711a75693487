"""A threshold as k6 and others write it, in the words of `[slo]`: guesses, the best first."""

from __future__ import annotations

import re
from collections.abc import Iterator

_K6_METRIC = re.compile(r"^\s*(http_\w+|checks|iterations)(?:\{[^}]*\})?\s*:\s*", re.IGNORECASE)
_PERCENTILE = re.compile(r"\bp\s*\(\s*(\d+(?:\.\d+)?)\s*\)|\b(\d+)th\b(?: percentile)?")
_WORDS = (
    (r"\b(?:is )?(?:less than|below|under|lower than)\b", "<"),
    (r"\b(?:at most|no more than)\b", "<="),
    (r"\b(?:is )?(?:more than|above|over|greater than)\b", ">"),
    (r"\bat least\b", ">="),
    (r"\b(?:avg|average)\b", "mean"),
    (r"\b(?:med|median)\b", "p50"),
    (r"\bp100\b", "max"),
    (r"\b(?:(?:error|failure|fail)[ _-]?rate|errors|failures|failed|error)\b", "error_rate"),
    (r"\b(?:throttles|throttled)\b", "throttle_rate"),
    (r"\b(?:timeouts)\b", "timeout_rate"),
    (r"\b(?:throughput|rps|qps)\b", "goodput"),
)
_RULE = re.compile(r"(?P<what>[a-z_0-9.]+)\s*(?P<sign>[<>]=?)\s*(?P<limit>\d+(?:\.\d+)?)\s*$")
_METRIC = re.compile(r"p\d+(?:\.\d+)?|[a-z_]+")


def near_threshold(text: str) -> list[str]:
    """`p(95)<200`, `http_req_failed: rate<0.01`, `p99 under 1s`; of `p99 < fast` a usual limit."""
    plain = re.sub(r"\s+of\s+\S+", "", text)
    metric = _METRIC.findall(_in_our_words(plain))[:1] or [""]
    usual = [f"{metric[0]} < {limit}" for limit in ("300ms", "1%")]
    return [*_known(text), plain, *_known(plain), *usual]


def _known(text: str) -> Iterator[str]:
    named = _K6_METRIC.match(text)
    words = _in_our_words(text[named.end() :] if named else text)
    if named and (rule := _RULE.search(words)) is not None and rule["what"] in ("rate", "count"):
        yield _of_k6(named[1].lower(), rule["sign"], rule["limit"])
    yield words
    if (rule := _RULE.search(words)) is not None:
        yield f"{words}ms"
        share = float(rule["limit"])
        yield f"{words[: rule.start('limit')]}{share * 100 if share < 1 else share:g}%"
        yield f"{words}/s"


def _of_k6(metric: str, sign: str, limit: str) -> str:
    """Of k6's rates: how often requests failed, checks held, and how many came in a second."""
    if metric == "http_reqs" or metric == "iterations":
        return f"achieved {sign} {limit}/s"
    share = float(limit)
    if metric == "checks":
        turned = sign.translate(str.maketrans("<>", "><"))
        return f"error_rate {turned} {round((1 - share) * 100, 6):g}%"
    return f"error_rate {sign} {round(share * 100, 6):g}%"


def _in_our_words(text: str) -> str:
    words = _PERCENTILE.sub(lambda found: f"p{found[1] or found[2]}", text.strip().lower())
    for form, ours in _WORDS:
        words = re.sub(form, ours, words)
    return re.sub(r"\s*([<>]=?)\s*", r" \1 ", words).strip()
