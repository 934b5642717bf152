import Testing

@testable import XetConfiguration

@Suite struct SettingRegistryTests {
    @Test func `defaults`() throws {
        let settings = try ToySettings.resolve()
        #expect(settings[ToySettings.host] == "here")
        #expect(settings[ToySettings.port] == 80)
        #expect(settings[ToySettings.url] == nil)
        #expect(settings[ToySettings.names].isEmpty)
        #expect(settings[ToySettings.isOn] == false)
        #expect(settings[ToySettings.size] == 4096)
        #expect(settings[ToySettings.memory] == 4 << 20)
        #expect(settings[ToySettings.patience] == .seconds(2))
        #expect(settings[ToySettings.level] == 1)
        #expect(settings.origin(ToySettings.host) == .preset)
    }

    @Test func `a flag counts more than the environment, that more than the file`() throws {
        let toml = "\nhost = 'file'\n"
        var environment: [String: String] = [:]
        var flags: [String: [String]] = [:]
        func host() throws -> (String, SettingOrigin) {
            let settings = try ToySettings.resolve(toml: toml, environment: environment, flags: flags)
            return (settings[ToySettings.host], settings.origin(ToySettings.host))
        }
        #expect(try host() == ("file", .file(path: "xet.toml", line: 2)))
        environment["HOST"] = "conventional"
        #expect(try host() == ("conventional", .variable("HOST")))
        environment["XET_HOST"] = "own"
        #expect(try host() == ("own", .variable("XET_HOST")))
        flags["host"] = ["flag"]
        #expect(try host() == ("flag", .flag("host")))
    }

    @Test func `an empty variable is not set`() throws {
        let settings = try ToySettings.resolve(toml: "port = 5", environment: ["XET_PORT": "", "XET_NAMES": ""])
        #expect(settings[ToySettings.port] == 5)
        #expect(settings.origin(ToySettings.names) == .preset)
    }

    @Test func `lists come whole from one source`() throws {
        let toml = "names = ['a', 'b']"
        #expect(try ToySettings.resolve(toml: toml)[ToySettings.names] == ["a", "b"])
        #expect(
            try ToySettings.resolve(toml: toml, environment: ["XET_NAMES": " c ,d"])[ToySettings.names] == ["c", "d"]
        )
        let flags = ["names": ["e,f", "g"]]
        #expect(try ToySettings.resolve(toml: toml, flags: flags)[ToySettings.names] == ["e", "f", "g"])
        let empty = try ToySettings.resolve(toml: "names = []")
        #expect(empty[ToySettings.names].isEmpty)
        #expect(empty.origin(ToySettings.names) == .file(path: "xet.toml", line: 1))
    }

    @Test(arguments: [("true", true), ("1", true), ("false", false), ("0", false)])
    func `booleans of the environment`(text: String, expected: Bool) throws {
        let settings = try ToySettings.resolve(toml: "turned-on = \(!expected)", environment: ["XET_TURNED_ON": text])
        #expect(settings[ToySettings.isOn] == expected)
    }

    @Test(arguments: [
        ("prt = 1", "xet.toml:1: no option is called 'prt'; did you mean 'port'?"),
        ("\n\nPORT = 1", "xet.toml:3: no option is called 'PORT'; did you mean 'port'?"),
        ("some_url = 'x'", "xet.toml:1: no option is called 'some_url'; did you mean 'some-url'?"),
        ("colour = 'x'", "xet.toml:1: no option is called 'colour'"),
        ("port = 100", "xet.toml:1: 'port' is to be a whole number, 0 to 99, not '100'"),
        ("port = '80'", "xet.toml:1: 'port' is to be a whole number without quotes"),
        ("host = 80", "xet.toml:1: 'host' is to be a string in quotes"),
        ("turned-on = 'true'", "xet.toml:1: 'turned-on' is to be true or false without quotes"),
        ("turned-on = 1", "xet.toml:1: 'turned-on' is to be true or false without quotes"),
        ("names = 'a'", "xet.toml:1: 'names' is to be a list of strings"),
        ("names = ['a',\n'B']", "xet.toml:2: 'names' is to be words in lower case, not 'B'"),
        ("names = ['a,B']", "xet.toml:1: 'names' is to be words in lower case, not 'a,B'"),
        ("level = 'hihg'", "xet.toml:1: 'level' is to be low or high, not 'hihg'; did you mean 'high'?"),
        ("the-secret = 'abc'", "xet.toml:1: 'the-secret' is to be long"),
        (
            "the-secret = abcdef",
            "xet.toml:1: 'the-secret' is to be a string in quotes, a whole number, true, false or a list of strings"
        ),
        ("port = ", "xet.toml:1: 'port' is to be a string in quotes, a whole number, true, false or a list of strings"),
        ("host = 'a\\nb c'", "xet.toml:1: 'host' is to be a word, not 'a\\nb c'"),
    ])
    func `what is wrong with a file`(toml: String, message: String) {
        #expect(ToySettings.problems(toml: toml) == [message])
    }

    @Test func `a message stays on its line`() {
        let long = String(repeating: "x", count: 100)
        #expect(
            ToySettings.problems(toml: "host = \"a b\\n\\u0007\(long)\"")
                == ["xet.toml:1: 'host' is to be a word, not 'a b??\(long.prefix(75))...'"]
        )
    }

    @Test func `everything that is wrong is told, the file by line`() {
        #expect(
            ToySettings.problems(
                toml: "level = 'x'\nprot = 1\nhost = 1",
                environment: ["XET_MAX_SIZE": "1", "XET_TURNED_ON": "maybe"],
                flags: ["patience": ["soon"], "port": ["x"]]
            ) == [
                "xet.toml:1: 'level' is to be low or high, not 'x'",
                "xet.toml:2: no option is called 'prot'; did you mean 'port'?",
                "xet.toml:3: 'host' is to be a string in quotes",
                "--port: 'port' is to be a whole number, 0 to 99, not 'x'",
                "environment XET_TURNED_ON: 'turned-on' is to be true or false, not 'maybe'",
                """
                environment XET_MAX_SIZE: 'max-size' is to be a size of 1KiB or more: a number of bytes, or one with KiB, \
                MiB, GiB, TiB, kB, MB, GB or TB behind it, not '1'
                """,
                """
                --patience: 'patience' is to be a time of 10ms or more: a number of seconds, or such as 1m30s, \
                of ms, s, m, h and d, not 'soon'
                """,
            ]
        )
    }

    @Test func `a source that does not count is not checked`() throws {
        #expect(try ToySettings.resolve(environment: ["XET_PORT": "x"], flags: ["port": ["7"]])[ToySettings.port] == 7)
    }

    @Test func `variables that are misspelt`() {
        let found = ToySettings.registry.misspelt(in: [
            "XET_PROT": "1", "XET_PORT": "1", "HOST": "x", "XET_HSOT": "x", "XET_BINARY": "x", "PROT": "1", "XET_": "",
        ])
        #expect(found.map(\.variable) == ["XET_HSOT", "XET_PROT"])
        #expect(found.map(\.suggestion) == ["XET_HOST", "XET_PORT"])
    }

    @Test(arguments: [("xet.ini", "xet.ini"), ("xet", "xet")])
    func `files of other formats`(path: String, shown: String) {
        #expect(throws: SettingProblems.self) { try ConfigurationFile(path: path, bytes: []) }
    }

    @Test func `what differs`() throws {
        let first = try ToySettings.resolve(toml: "port = 1\nnames = ['a']\nhost = 'x'")
        let second = try ToySettings.resolve(toml: "port = 2\nnames = ['b']\n", flags: ["host": ["x"]])
        #expect(first.differences(from: second).map(\.name) == ["port", "names"])
        #expect(first.differences(from: second).map(\.isReloadable) == [false, true])
    }
}
