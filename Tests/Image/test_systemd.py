"""deploy/xet-proxy.service: systemd takes it and finds little that it exposes."""

from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[2] / "deploy" / "xet-proxy.service"
PROGRAM = "/usr/local/bin/xet"
MOST_EXPOSURE = 20
"""Tenths of what `systemd-analyze security` counts to ten."""


@pytest.fixture
def unit(image, tmp_path):
    """The unit with the program of the image, which is not installed here."""
    text = PATH.read_text()
    assert text.count(PROGRAM) == 1
    unit = tmp_path / PATH.name
    unit.write_text(text.replace(PROGRAM, str(image.root / "xet")))
    return unit


def test_systemd_takes_it(check, unit):
    check("systemd-analyze", "verify", unit)


def test_exposure(check, unit):
    check("systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", unit)


def test_the_environment_file(start):
    """Its lines are settings that the proxy takes."""
    lines = (PATH.parent / "proxy.env").read_text().splitlines()
    environment = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert environment.pop("XET_OPTIONS") == ""
    start(["proxy"], environment)
