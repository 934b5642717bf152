"""deploy/alerts.yaml and deploy/grafana.json: rules that Prometheus takes, about metrics that there are."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy" / "alerts.yaml"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana.json").read_text())
TESTS = Path(__file__).with_name("alerts.yaml")
SUFFIXES = ("_bucket", "_count", "_sum")


def promtool(*arguments):
    beside = Path(sys.prefix) / "bin" / "promtool"
    program = str(beside) if beside.exists() else shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (scripts/setup.sh clients)")
    finished = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries():
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def documented():
    """Names of metrics, each with its labels, as docs/operate.md has them."""
    found = {}
    for line in (ROOT / "docs" / "operate.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 5 and (names := re.findall(r"`((?:xet|process)_\w+)`", cells[1])):
            for name in names:
                found[name] = {"instance", "le", *re.findall(r"`(\w+)`", cells[2])}
    return found


def test_rules(tmp_path):
    promtool("check", "rules", str(ALERTS))
    rules = tmp_path / "tests.yaml"
    rules.write_text(TESTS.read_text().replace("RULES", json.dumps(str(ALERTS))))
    promtool("test", "rules", str(rules))


def test_queries_are_promql(tmp_path):
    """As rules, since that is what can be checked without a server."""
    assert len(queries()) > 25
    lines = ["groups:", "- name: dashboard", "  rules:"]
    for number, query in enumerate(queries()):
        query = query.replace("$__rate_interval", "5m").replace("$instance", ".*")
        assert "$" not in query
        lines += [f"  - record: query:{number}", f"    expr: {json.dumps(query)}"]
    path = tmp_path / "dashboard.yaml"
    path.write_text("\n".join(lines))
    promtool("check", "rules", str(path))


@pytest.mark.parametrize("source", ["alerts", "dashboard"])
def test_metrics_and_labels_exist(source):
    text = ALERTS.read_text() if source == "alerts" else "\n".join(queries())
    known = documented()
    assert len(known) > 30
    used = re.findall(r"\b((?:xet|process)_[a-z_]+)(?:\{([^}]*)\})?", text)
    assert used
    for name, selectors in used:
        family = next((name.removesuffix(suffix) for suffix in SUFFIXES if name.removesuffix(suffix) in known), name)
        assert family in known, name
        assert set(re.findall(r"(\w+)\s*[=!]~?\"", selectors)) <= known[family], (name, selectors)


def test_every_metric_is_on_the_dashboard():
    shown = "\n".join(queries()) + DASHBOARD["templating"]["list"][1]["definition"]
    # Said otherwise by another panel, or of use beside a question only.
    left_out = {
        "xet_cache_runs", "xet_cache_served_chunks_total", "xet_decode_seconds_total", "xet_decoded_bytes_total",
        "xet_hash_seconds_total", "xet_hub_archive_answers", "xet_hub_archive_bytes", "xet_request_duration_seconds", "process_start_time_seconds",
    }
    assert {name for name in documented() if not re.search(rf"\b{name}(_bucket|_count|_sum)?\b", shown)} == left_out


def test_panels_do_not_overlap():
    places = set()
    for panel in DASHBOARD["panels"]:
        grid = panel["gridPos"]
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                assert x < 24 and (x, y) not in places, panel["title"]
                places.add((x, y))
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
