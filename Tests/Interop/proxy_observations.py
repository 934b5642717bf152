"""What a proxy tells of itself: its metrics, and the lines of its log."""

import json
import re

from prometheus_client.parser import text_string_to_metric_families

from http_peer import wait_until
from http_probe import fetch


class Metrics:
    """The samples of one answer of `/metrics`."""

    def __init__(self, text):
        self.text = text
        self.families = list(text_string_to_metric_families(text))
        self._values = {}
        for family in self.families:
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self._values, f"{key} occurs twice"
                self._values[key] = sample.value

    def __call__(self, name, **labels):
        """The sum of the samples of `name` that have these labels; 0 if there is none."""
        wanted = labels.items()
        return sum(value for (found, has), value in self._values.items() if found == name and wanted <= has)

    def labels(self, label):
        """Every value of a label."""
        return {value for _, has in self._values for name, value in has if name == label}


def metrics_of(server, origin):
    """The metrics of `server`; no secret may be among them."""
    got = fetch(server.url, "/metrics")
    assert (got.status, got.complete) == (200, True), got
    assert got.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    text = got.body.decode("utf-8")
    assert not [secret for secret in secrets_of(origin) if secret in text], text
    return Metrics(text)


def secrets_of(origin):
    """Every token, and every signed URL and the signature in it."""
    urls = list(origin.cas_side.urls)
    signatures = [part.partition("=")[2] for url in urls for part in url.partition("?")[2].split("&")]
    return [*origin.users, *origin.cas_side.tokens, *urls, *(s for s in signatures if len(s) >= 16)]


class Growth:
    """How far the metrics of a server have grown since this was made."""

    def __init__(self, server, origin):
        self.server, self.origin = server, origin
        self.before = metrics_of(server, origin)

    def __call__(self, name, **labels):
        return metrics_of(self.server, self.origin)(name, **labels) - self.before(name, **labels)

    def wait(self, count, name, **labels):
        """Waits until a metric has grown by `count`: what a client has read may not be counted yet."""
        wait_until(lambda: self(name, **labels) >= count, message=f"{name} {labels}: {self(name, **labels)}")
        assert self(name, **labels) == count


FIELD = re.compile(r'([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"=]*)(?: |$)')


def parse_logfmt(line):
    """The fields of a line; fails on anything else in it."""
    fields, at = {}, 0
    while at < len(line):
        match = FIELD.match(line, at)
        assert match, f"not a field at {at}: {line!r}"
        name, value = match[1], match[2]
        assert name not in fields, f"{name} twice: {line!r}"
        fields[name] = json.loads(value) if value.startswith('"') else value
        at = match.end()
    return fields


def log_lines(server, format="logfmt"):
    """Every line of the log so far, but for the one that tells a person where the server is."""
    lines = [line for line in server.errors().split("\n") if line and "ready on http" not in line]
    return [json.loads(line) if format == "json" else parse_logfmt(line) for line in lines]


def request_lines(server, count=1, format="logfmt", **fields):
    """The lines of requests with these fields, once there are `count`; more are a failure."""

    def matching():
        lines = [line for line in log_lines(server, format) if line["msg"] == "request"]
        return [line for line in lines if all(str(line.get(name)) == value for name, value in fields.items())]

    wait_until(lambda: len(matching()) >= count, message=f"{count} lines with {fields} in {server.errors()}")
    lines = matching()
    assert len(lines) == count, lines
    return lines
