"""A token in the Hub's address: the command line's own, never every client's, and never printed."""

import pytest

from catalogue import MODEL, PRIVATE, file_of
from command_line import listed_files
from xet_process import environment, run_xet


@pytest.fixture
def xet(xet_binary, origin, home, tmp_path):
    """Runs `xet` with a Hub at whose address `credentials` stand; nothing may be printed of the token."""

    def run(credentials, *arguments, secret, **variables):
        env = environment(home, HF_ENDPOINT=origin.url.replace("://", f"://{credentials}@"), **variables)
        done = run_xet(xet_binary, *arguments, env=env)
        assert secret.encode() not in done.stdout + done.stderr
        return done

    return run


@pytest.mark.parametrize("form", ["user:{}", "{}", "{}:", ":{}", "us%40er:{}"])
def test_the_token_of_the_address(xet, origin, form, tmp_path):
    credentials = form.format(origin.alice)
    for variables in ({}, {"HF_TOKEN": origin.bob}):
        done = xet(credentials, "list", PRIVATE, "--json", secret=origin.alice, **variables)
        assert done.returncode == 0 and listed_files(done.stdout), done.stderr
    # It stays with the Hub, which the fixture looks at.
    for path in ("random.bin", "lfs.bin", "config.json"):
        target = tmp_path / path
        done = xet(credentials, "download", MODEL, path, "--output", target, secret=origin.alice)
        assert done.returncode == 0, done.stderr
        assert target.read_bytes() == file_of(origin, path).content
    assert {r.bearer for r in origin.log.all("hub")} == {origin.alice}


@pytest.mark.parametrize("credentials", ["", ":", "%zz:secret-word", "user:secret%20word", "us\ner:secret-word"])
def test_what_is_no_token(xet, origin, credentials):
    done = xet(credentials, "list", MODEL, secret="secret-word")
    assert done.returncode == 2, done.stderr
    assert b"Hub's address" in done.stderr
    assert not origin.log.all()


@pytest.mark.parametrize("option", ["--hub-endpoint", "HF_ENDPOINT", "XET_HUB_ENDPOINT"])
def test_a_proxy_has_no_token_of_its_own(xet_binary, home, option):
    address = "https://user:secret-word@hub.example"
    flags, variables = ([option, address], {}) if option.startswith("--") else ([], {option: address})
    done = run_xet(xet_binary, "proxy", *flags, env=environment(home, **variables))
    assert done.returncode == 2, done.stderr
    assert b"every client brings its own" in done.stderr and b"https://***@hub.example" in done.stderr
    assert b"secret-word" not in done.stderr + done.stdout
