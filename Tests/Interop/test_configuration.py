"""Options of `xet proxy` from flags, the environment and files: which one holds, what is refused, what is read again."""

import contextlib
import json
import re
import signal
import tomllib

import pytest
import trustme

from catalogue import DATA, MODEL
from conftest import REPOSITORY_ROOT
from endpoint_calls import resolve_target
from http_peer import wait_until
from http_probe import fetch, path_target
from xet_process import XetServer, environment, run_xet

SECRET = "a secret of more than 16 bytes"
SAMPLES = {
    "host": ("127.0.0.1", "127.0.0.2", "127.0.0.3"),
    "port": (1, 2, 3),
    "tls-certificate": ("/a.pem", "/b.pem", "/c.pem"),
    "tls-key": ("/a.key", "/b.key", "/c.key"),
    "h2c": (True, False, True),
    "public-url": ("https://a.example/x", "https://b.example", "http://c.example:8080"),
    "trusted-proxy": (["10.0.0.0/8", "::1"], ["10.1.0.0/16"], ["127.0.0.1", "fd00::/8"]),
    "hub-endpoint": ("https://a.example", "https://b.example", "https://c.example"),
    "ca-file": ("a", "b", "c"),
    "private-upstreams": ("allow", "deny", "auto"),
    "connect-timeout": (1, 2, "3500ms"),
    "upstream-timeout": (1, 2, "3m"),
    "upstream-idle-timeout": (1, 2, "3m"),
    "stall-timeout": (1, 2, "3 s"),
    "retry-for": (0, "90s", "1h"),
    "cache": ("/var/cache/xet", "cache", "b"),
    "cache-size": (1 << 30, "64MiB", "2 TiB"),
    "cache-store": ("s3://bucket/a", "s3://bucket", "s3://other-bucket/a/b"),
    "s3-endpoint": ("http://a.example:9000", "https://b.example", "http://127.0.0.1:9000"),
    "s3-region": ("eu-central-1", "us-east-1", "garage"),
    "s3-addressing": ("path", "virtual", "auto"),
    "hub-lease": (60, "5m", 0),
    "hub-stale": (0, "10m", "2h"),
    "offline": (True, False, True),
    "allow-anonymous": (True, False, True),
    "token-repo": ("acme/a", "acme/b", "datasets/acme/c"),
    "allow": (["acme/*"], ["datasets/*", "gpt2"], ["spaces/acme/x"]),
    "deny": (["acme/*"], ["datasets/*", "gpt2"], ["spaces/acme/x"]),
    "allow-writes": (True, False, True),
    "signing-key-file": ("/a", "/b", "/c"),
    "buffer-memory": (64, "65MiB", "1 GiB"),
    "max-downloads": (1, 2, 0),
    "max-downloads-per-client": (1, 2, 0),
    "max-connections": (100, 200, 0),
    "max-body-size": (4096, "1MiB", "2KiB"),
    "max-header-size": (4096, "1MiB", "2KiB"),
    "idle-timeout": (1, "2m", "3h"),
    "min-client-rate": (0, "1MiB", "2KiB"),
    "drain-timeout": (0, "2m", "3h"),
    "log-level": ("trace", "info", "critical"),
    "log-format": ("json", "logfmt", "json"),
    "operator-token-file": ("/a", "/b", "/c"),
    "no-ui": (True, False, True),
}
"""Three values for each option but `signing-key`: for the file, the environment, the command line."""

# Files that are read at the start; all three have to be there, and be what they are to be.
FILES = {"ca-file", "operator-token-file", "signing-key-file", "tls-certificate", "tls-key"}

USAGE = 2
"""The exit status of what makes no sense."""


def variable(name):
    return "XET_" + name.upper().replace("-", "_")


def as_text(value):
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_flags(name, value):
    if isinstance(value, list):
        return [part for item in value for part in ("--" + name, item)]
    if isinstance(value, bool):
        inverse = name[3:] if name.startswith("no-") else "no-" + name
        return ["--" + (name if value else inverse)]
    return ["--" + name, str(value)]


def as_toml(value):
    return json.dumps(value)


class Printed:
    """What `--print-config` says."""

    def __init__(self, text):
        self.text = text
        self.values = tomllib.loads(text)
        lines = re.findall(r"^(?:# )?([a-z0-9-]+)(?: = |: )(.*)$", text, re.M)
        self.names = [name for name, _ in lines]
        self.origins = {name: line.rsplit("  # ", 1)[1] for name, line in lines if "  # " in line}


@pytest.fixture
def write(tmp_path):
    """Writes a configuration file and returns its path."""

    def write(text, name="xet.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return write


@pytest.fixture
def run(xet_binary, home):
    """Runs `xet proxy` with options that do not let it start."""

    def run(*arguments, **variables):
        return run_xet(xet_binary, "proxy", *arguments, env=environment(home, **variables), timeout=20)

    return run


@pytest.fixture
def printed(run):
    def printed(*arguments, **variables):
        got = run(*arguments, "--print-config", **variables)
        assert got.returncode == 0, got.stderr.decode()
        assert not got.stderr, got.stderr.decode()
        return Printed(got.stdout.decode("utf-8"))

    return printed


@pytest.fixture
def refused(run):
    """The lines about options that are refused."""

    def refused(*arguments, **variables):
        got = run(*arguments, **variables)
        assert got.returncode == USAGE, (got.returncode, got.stdout, got.stderr.decode())
        assert not got.stdout
        lines = got.stderr.decode("utf-8").splitlines()
        assert all(line.startswith("xet: ") for line in lines), lines
        return [line.removeprefix("xet: ") for line in lines]

    return refused


@pytest.fixture(scope="session")
def certificate_text():
    """A certificate of an authority, PEM."""
    return trustme.CA().cert_pem.bytes().decode("ascii")


@pytest.mark.parametrize("name", SAMPLES)
def test_precedence(printed, write, tmp_path, certificate_text, name):
    def value_of(index):
        value = SAMPLES[name][index]
        if name in FILES:
            path = tmp_path / value.strip("/")
            # A token has no blanks.
            secret = SECRET.replace(" ", "-") if name == "operator-token-file" else SECRET
            path.write_text(certificate_text if name == "ca-file" else secret)
            return str(path)
        return value

    in_file, in_environment, on_command_line = (value_of(index) for index in range(3))
    path = write(f"# first line\n{name} = {as_toml(in_file)}\n")
    variables = {variable(name): as_text(in_environment)}
    flags = as_flags(name, on_command_line)

    assert printed().origins.get(name, "default") == "default"
    pair = {"tls-certificate": ["--tls-key", "k"], "tls-key": ["--tls-certificate", "c"], "offline": ["--cache", "c"]}.get(name, [])
    got = printed("--config", path, *pair)
    assert (got.values[name], got.origins[name]) == (in_file, f"{path}:2")
    got = printed(*pair, XET_CONFIG=path)
    assert (got.values[name], got.origins[name]) == (in_file, f"{path}:2")
    got = printed("--config", path, *pair, **variables)
    assert (got.values[name], got.origins[name]) == (in_environment, f"environment {variable(name)}")
    got = printed("--config", path, *flags, *pair, **variables)
    assert (got.values[name], got.origins[name]) == (on_command_line, f"--{name}")
    got = printed(*flags, *pair)
    assert (got.values[name], got.origins[name]) == (on_command_line, f"--{name}")
    if isinstance(in_environment, bool):
        got = printed("--config", path, *as_flags(name, not in_file), *pair)
        assert (got.values[name], got.origins[name]) == (not in_file, f"--{name}")


def test_every_option_has_a_sample(printed):
    assert set(printed().names) == {*SAMPLES, "signing-key"}


@pytest.mark.parametrize(
    "conventional, name, value", [("HOST", "host", "127.0.0.9"), ("PORT", "port", 9), ("HF_ENDPOINT", "hub-endpoint", "http://x")]
)
def test_names_that_others_use(printed, write, conventional, name, value):
    path = write(f"{name} = {as_toml(SAMPLES[name][0])}\n")
    got = printed("--config", path, **{conventional: value})
    assert (got.values[name], got.origins[name]) == (value, f"environment {conventional}")
    got = printed("--config", path, **{conventional: value, variable(name): SAMPLES[name][1]})
    assert (got.values[name], got.origins[name]) == (SAMPLES[name][1], f"environment {variable(name)}")
    got = printed("--config", path, **{conventional: "", variable(name): ""})
    assert got.values[name] == SAMPLES[name][0]


CHOSEN = {name: values[0] for name, values in SAMPLES.items() if name not in FILES}


def everything(form):
    """A file with every option but those that name files."""
    if form == "json":
        return json.dumps(CHOSEN, indent=1)
    return "".join(f"{name} = {as_toml(value)}\n" for name, value in CHOSEN.items())


@pytest.mark.parametrize("form", ["toml", "json"])
def test_formats_and_round_trip(printed, write, form):
    first = printed("--config", write(everything(form), f"xet.{form}"))
    assert {name: first.values[name] for name in CHOSEN} == CHOSEN
    second = printed("--config", write(first.text, "again.toml"))
    assert second.values == first.values
    assert second.names == first.names


def test_defaults_round_trip(printed, write):
    first = printed()
    assert set(first.origins.values()) == {"default"}
    second = printed("--config", write(first.text))
    assert second.values == first.values


@pytest.mark.parametrize(
    "text",
    [
        "port = 1\r\nhost = 'x'\r\n",
        "# c\n\n  allow = [\n 'acme/*', # one\n\n \"data\\u0073ets/x/*\"\n,\n] # end\n",
        '"port" = 1_0\n\'host\'="a#b"',
        "port = +5\n\ttoken-repo\t=\t'acme/x'\t",
        "\ufeffport = 7",
    ],
)
def test_toml_means_what_it_means_elsewhere(printed, write, text):
    got = printed("--config", write(text))
    for name, value in tomllib.loads(text.removeprefix("\ufeff")).items():
        assert got.values[name] == value


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("xet.toml", "\nprot = 1\n", ["xet.toml:2: no option is called 'prot'; did you mean 'port'?"]),
        ("xet.toml", "max_downloads = 1\n", ["xet.toml:1: no option is called 'max_downloads'; did you mean 'max-downloads'?"]),
        ("xet.json", '{\n "hosts": "x"\n}', ["xet.json:2: no option is called 'hosts'; did you mean 'host'?"]),
        ("xet.toml", "flavour = 1\n", ["xet.toml:1: no option is called 'flavour'"]),
        ("xet.toml", "port = 65536\n", ["xet.toml:1: 'port' is to be a whole number, 0 to 65535, not '65536'"]),
        ("xet.toml", "port = '8080'\n", ["xet.toml:1: 'port' is to be a whole number without quotes"]),
        ("xet.toml", "allow-writes = 'yes'\n", ["xet.toml:1: 'allow-writes' is to be"]),
        ("xet.toml", "allow = 'acme/*'\n", ["xet.toml:1: 'allow' is to be a list of strings"]),
        ("xet.toml", "allow = [\n'acme/*',\n'acme/a b']\n", ["xet.toml:3: 'allow' is to be patterns such as owner/name"]),
        ("xet.toml", "trusted-proxy = ['10.0.0.0/33']\n", ["xet.toml:1: 'trusted-proxy' is to be IP addresses"]),
        ("xet.toml", "log-level = 'warn'\n", ["xet.toml:1: 'log-level' is to be trace, debug,"]),
        ("xet.toml", "log-level = 'notic'\n", ["not 'notic'; did you mean 'notice'?"]),
        ("xet.toml", "max-body-size = '64XB'\n", ["xet.toml:1: 'max-body-size' is to be a size"]),
        ("xet.toml", "idle-timeout = 'soon'\n", ["xet.toml:1: 'idle-timeout' is to be a time"]),
        ("xet.toml", "port = 1\nport = 2\n", ["xet.toml:2: 'port' is there already, in line 1"]),
        ("xet.toml", "[proxy]\nport = 1\n", ["xet.toml:1: there are no tables here"]),
        ("xet.json", '{"port": 1,\n}', ["xet.json:2: expected the name of an option"]),
        ("xet.json", "{\n\"port\": null}", ["xet.json:2: 'port' has no value"]),
        ("xet.toml", "tls-key = 'x'\n", ["xet.toml:1: 'tls-key' needs 'tls-certificate' too"]),
        ("xet.toml", "offline = true\n", ["xet.toml:1: 'offline' needs 'cache' or 'cache-store', to serve what those have"]),
        ("xet.toml", "tls-certificate = 'x'\n", ["xet.toml:1: 'tls-certificate' needs 'tls-key' too"]),
        ("xet.toml", "signing-key-file = '/nowhere'\n", ["xet.toml:1: 'signing-key-file': '/nowhere' cannot be read"]),
        ("xet.ini", "port = 1\n", ["ends in .toml or .json"]),
        ("xet.yaml", "port: 1\n", ["ends in .toml or .json"]),
        (
            "xet.toml",
            "port = 'x'\nprot = 1\nallow = 'x'\n",
            ["xet.toml:1: 'port'", "xet.toml:2: no option is called 'prot'", "xet.toml:3: 'allow'"],
        ),
    ],
)
def test_files_that_are_refused(refused, write, name, text, expected):
    path = write(text, name)
    for arguments in (["--config", path], ["--config", path, "--print-config"]):
        lines = refused(*arguments)
        assert len(lines) == len(expected), lines
        for line, words in zip(lines, expected):
            assert words in line, lines


def test_a_file_that_cannot_be_read(refused, tmp_path, write):
    assert "nowhere.toml' cannot be read: there is no such file" in refused("--config", tmp_path / "nowhere.toml")[0]
    assert "cannot be read" in refused(XET_CONFIG=tmp_path)[0]
    assert "has more than" in refused("--config", write("# " + "x" * (2 << 20)))[0]
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"port = 1\nhost = '\xff'\n")
    assert refused("--config", path) == [f"{path}:2: this is not UTF-8"]


@pytest.mark.parametrize(
    "name, value",
    [
        ("port", "65536"), ("port", "http"), ("buffer-memory", "7"), ("upstream-timeout", "0"), ("stall-timeout", "0"),
        ("cache-size", "63MiB"), ("cache-size", "much"), ("cache-store", "s3://"),
        ("cache-store", "/var/cache/xet"), ("s3-endpoint", "ftp://x"), ("s3-region", "EU Central"), ("s3-addressing", "x"), ("retry-for", "-1s"), ("retry-for", "5 minutes"),
        ("log-level", "loud"), ("log-format", "xml"), ("public-url", "https://a.example/?x"), ("hub-endpoint", "ftp://x"),
        ("token-repo", "x/y/z"), ("allow", "a b"), ("deny", ""), ("trusted-proxy", "example.org"), ("max-downloads", "-1"),
        ("max-header-size", "1"), ("drain-timeout", "-1s"), ("host", ""), ("min-client-rate", "1XB"),
    ],
)
def test_flags_and_variables_that_are_refused(refused, name, value):
    (line,) = refused(*([f"--{name}={value}"] if value else [f"--{name}", ""]))
    assert line.startswith(f"--{name}: '{name}' is to be ") and line.endswith(f", not '{value}'")
    if value:
        (line,) = refused(**{variable(name): value})
        assert line.startswith(f"environment {variable(name)}: '{name}' is to be ") and line.endswith(f", not '{value}'")


def test_an_unknown_flag(run):
    got = run("--prot", "1")
    assert got.returncode == USAGE
    assert b"--port" in got.stderr


def test_variables_that_are_misspelt(run):
    got = run("--print-config", XET_PROT="1", XET_MAX_DOWNLOAD="1", XET_GOLDEN="1", PROT="1")
    assert got.returncode == 0
    assert got.stderr.decode().splitlines() == [
        "xet: warning: XET_MAX_DOWNLOAD is no option; did you mean XET_MAX_DOWNLOADS?",
        "xet: warning: XET_PROT is no option; did you mean XET_PORT?",
    ]


def test_secrets_are_hidden(printed, refused, write):
    path = write(f"signing-key = {as_toml(SECRET)}\n")
    for got, origin in (
        (printed(XET_SIGNING_KEY=SECRET), "environment XET_SIGNING_KEY"),
        (printed("--config", path), f"{path}:1"),
    ):
        assert SECRET not in got.text
        assert "signing-key" not in got.values
        assert got.origins["signing-key"] == origin
    for text in ("signing-key = 'too short'\n", "signing-key = too short\n", "signing-key = ['too short']\n"):
        lines = refused("--config", write(text))
        assert len(lines) == 1 and "'signing-key' is to be" in lines[0]
        assert "too" not in lines[0] and "short" not in lines[0]
    assert "short" not in refused(XET_SIGNING_KEY="too short")[0]
    assert "signing-key" in refused("--config", write(text), XET_SIGNING_KEY="")[0]


def test_no_flag_for_a_secret(run):
    assert run("--signing-key", SECRET).returncode == USAGE
    assert b"--signing-key-file" in run("--help").stdout
    assert b"--signing-key " not in run("--help").stdout


def test_help_tells_of_every_option(run, printed):
    text = " ".join(run("--help").stdout.decode().split())
    got = printed()
    for name in got.names:
        if name != "signing-key":
            assert f"--{name}" in text, name
            assert variable(name) in text, name
        if name in got.values and not isinstance(got.values[name], list):
            assert f"default: {as_text(got.values[name])})" in text, name


def test_version(run):
    assert re.fullmatch(rb"\d+\.\d+\.\d+\S*\n", run("--version").stdout)


def test_the_table_in_the_docs(printed):
    """docs/configure.md has every option, in order, with its default and what it does."""
    got = printed()
    summaries = dict(re.findall(r"^# (.+)\n(?:# )?([a-z0-9-]+)(?: = |: )", got.text, re.M))
    summaries = {name: summary for summary, name in summaries.items()}
    text = (REPOSITORY_ROOT / "docs" / "configure.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line.startswith("| `")
    ]
    rows = [(name, default, summary.replace("\\*", "*")) for name, default, summary in rows]
    assert [row[0].strip("`") for row in rows] == got.names
    for name, default, summary in rows:
        name = name.strip("`")
        assert summary == summaries[name]
        if name in got.values:
            assert default == f"`{as_text(got.values[name])}`", name
        else:
            assert "`" not in default, name


# What is read again


@contextlib.contextmanager
def running(binary, home, *arguments, **variables):
    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", *arguments]
    server = XetServer(binary, arguments, environment(home, **variables))
    try:
        yield server
        assert server.is_running, server.errors()
    finally:
        server.stop()


def reload(server, words="options were read again"):
    before = server.errors().count(words)
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: server.errors().count(words) > before, 30, "the options were not read again")


def statuses(server, origin):
    """What the proxy answers for a model and for a dataset."""
    return [
        fetch(server.url, path_target("download", MODEL, "tiny.bin"), token=origin.alice).status,
        fetch(server.url, path_target("download", "datasets", DATA, "random.bin"), token=origin.alice).status,
    ]


def test_lists_are_read_again(xet_binary, home, origin, write):
    path = write(f"hub-endpoint = '{origin.url}'\n")
    with running(xet_binary, home, "--config", path) as server:
        assert statuses(server, origin) == [200, 200]
        write(f"hub-endpoint = '{origin.url}'\ndeny = ['{MODEL}']\n")
        reload(server)
        assert statuses(server, origin) == [403, 200]
        assert fetch(server.url, resolve_target("tiny.bin"), token=origin.alice).status == 403
        write(f"hub-endpoint = '{origin.url}'\nallow = ['models/*']\n")
        reload(server)
        assert statuses(server, origin) == [200, 403]
        write(f"hub-endpoint = '{origin.url}'\n")
        reload(server)
        assert statuses(server, origin) == [200, 200]


def test_a_file_that_is_wrong_changes_nothing(xet_binary, home, origin, write):
    path = write(f"hub-endpoint = '{origin.url}'\ndeny = ['{MODEL}']\n")
    with running(xet_binary, home, "--config", path) as server:
        write(f"hub-endpoint = '{origin.url}'\nprot = 1\n")
        reload(server, "options stay as they were")
        assert statuses(server, origin) == [403, 200]
        assert "did you mean 'port'?" in server.errors().replace('\\"', '"')
        path.unlink()
        reload(server, "options stay as they were")
        assert statuses(server, origin) == [403, 200]


def test_the_level_of_the_log_is_read_again(xet_binary, home, origin, write):
    path = write(f"hub-endpoint = '{origin.url}'\nlog-level = 'error'\n")
    with running(xet_binary, home, "--config", path) as server:
        statuses(server, origin)
        before = server.errors()
        write(f"hub-endpoint = '{origin.url}'\nlog-level = 'notice'\n")
        reload(server)
        statuses(server, origin)
        wait_until(lambda: "level=notice msg=request" in server.errors(), 30, "no request in the log")
        assert "level=notice" not in before


def test_what_only_a_restart_changes(xet_binary, home, origin, write):
    path = write(f"hub-endpoint = '{origin.url}'\n")
    with running(xet_binary, home, "--config", path) as server:
        write(f"hub-endpoint = '{origin.url}'\nmax-downloads = 5\nallow-anonymous = true\n")
        reload(server)
        (line,) = [line for line in server.errors().splitlines() if "restart" in line]
        assert "max-downloads" in line and "allow-anonymous" in line and "hub-endpoint" not in line
        assert fetch(server.url, path_target("download", MODEL, "tiny.bin")).status == 401


def test_flags_count_after_reading_again_too(xet_binary, home, origin, write):
    path = write("allow = ['nobody/*']\n")
    with running(xet_binary, home, "--config", path, "--hub-endpoint", origin.url, "--allow", "models/*") as server:
        reload(server)
        assert statuses(server, origin) == [200, 403]


def test_health_looks_where_the_proxy_is(xet_binary, home, origin, write):
    path = write(f"hub-endpoint = '{origin.url}'\n")
    with running(xet_binary, home, "--config", path) as server:
        write(f"port = {server.port}\nhost = '0.0.0.0'\n")
        for variables in ({"XET_PORT": server.port}, {"PORT": server.port}, {"XET_CONFIG": path}):
            got = run_xet(xet_binary, "health", env=environment(home, **variables), timeout=30)
            assert got.returncode == 0, (variables, got)


def test_help_has_groups(run):
    """Each option once, under what it is about."""
    text = run("--help").stdout.decode()
    groups = re.split(r"^([A-Z][A-Z, ]+):$", text, flags=re.M)
    assert groups[1::2] == [
        "WHERE IT LISTENS", "THE HUB, AND THE WAY THERE", "WHO MAY DO WHAT", "WHAT IS KEPT", "LIMITS", "FOR OPERATORS", "OPTIONS"
    ]
    shown = re.findall(r"^  --(?:\[no-\])?([a-z0-9-]+)", text, re.M)
    assert len(shown) == len(set(shown)) and {"host", "cache", "log-level"} < set(shown)
