"""The man pages and the shell completions are those of the commands as they are: `make docs` writes them."""

import json
import re

import pytest

from conftest import REPOSITORY_ROOT
from xet_process import environment, run_xet

MAN = REPOSITORY_ROOT / "docs" / "man"
COMPLETIONS = {"bash": "xet.bash", "zsh": "_xet", "fish": "xet.fish"}


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_completions(xet_binary, home, shell):
    done = run_xet(xet_binary, "--generate-completion-script", shell, env=environment(home))
    assert done.returncode == 0
    kept = REPOSITORY_ROOT / "completions" / COMPLETIONS[shell]
    assert kept.read_bytes() == done.stdout, "run `make docs`"


def commands(xet_binary, home):
    """Each command's name as that of its page, and its long options."""
    done = run_xet(xet_binary, "--experimental-dump-help", env=environment(home))
    assert done.returncode == 0

    def visit(command, prefix=""):
        name = f"{prefix}{command['commandName']}"
        names = [n for argument in command.get("arguments", []) for n in argument.get("names", [])]
        yield name, {n["name"] for n in names if n["kind"] == "long"} - {"help", "version"}
        for child in command.get("subcommands", []):
            if child["commandName"] != "help":
                yield from visit(child, f"{name}.")

    return dict(visit(json.loads(done.stdout)["command"]))


def test_man_pages(xet_binary, home):
    expected = commands(xet_binary, home)
    assert len(expected) > 5
    assert {path.stem for path in MAN.glob("*.1")} - {"xet.help"} == set(expected), "run `make docs`"
    for name, options in expected.items():
        text = (MAN / f"{name}.1").read_text().replace("\\-", "-")
        found = set(re.findall(r"^\.It Fl (?:\w , )?-([a-z0-9-]+)", text, re.M)) - {"help", "version"}
        assert found == options, f"{name}.1: {sorted(found ^ options)}; run `make docs`"
