"""The workflow of the forge, and the script that it runs."""

from pathlib import Path

import yaml

WORKFLOW = ".github/workflows/ci.yml"


def test_schema(check, tool):
    check(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", WORKFLOW)


def test_actions_are_pinned():
    document = yaml.safe_load((Path(__file__).resolve().parents[2] / WORKFLOW).read_text())
    used = [step["uses"] for job in document["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    for action in used:
        _, version = action.split("@")
        assert version.count(".") == 2 or len(version) == 40, action


def test_script(check, tool):
    check(tool("shellcheck"), "scripts/image.sh")
