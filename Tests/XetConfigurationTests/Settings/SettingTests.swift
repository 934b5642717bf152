import Testing

@testable import XetConfiguration

@Suite struct SettingTests {
    @Test(arguments: [
        ("1024", 1024), ("1KiB", 1024), ("1 kib", 1024), ("2MIB", 2 << 20), ("3GiB", 3 << 30), ("4096B", 4096),
        ("262144GiB", 1 << 48),
    ])
    func sizes(text: String, expected: Int) throws {
        #expect(try ToySettings.size.value(of: [text]) == expected)
    }

    @Test(arguments: [
        "", "KiB", "1023", "-1", "1KB", "1M", "1  KiB", "1KiB ", "0x10KiB", "010KiB", "٣KiB", "262145GiB",
        "9223372036854775807GiB", "99999999999999999999", "1024 ",
    ])
    func `sizes that are none`(text: String) {
        #expect(throws: UnusableText(index: 0)) { try ToySettings.size.value(of: [text]) }
    }

    @Test func `a size without a unit counts in its own`() throws {
        #expect(try ToySettings.memory.value(of: ["3"]) == 3 << 20)
        #expect(try ToySettings.memory.value(of: ["3KiB"]) == 3 << 10)
    }

    @Test(
        arguments: [
            ("10", .seconds(10)), ("10ms", .milliseconds(10)), ("10 s", .seconds(10)), ("2m", .seconds(120)),
            ("1h", .seconds(3600)), ("8784h", .seconds(366 * 24 * 3600)),
        ] as [(String, Duration)]
    )
    func times(text: String, expected: Duration) throws {
        #expect(try ToySettings.patience.value(of: [text]) == expected)
    }

    @Test(arguments: ["", "0", "9ms", "-1s", "1M", "1w", "s", "8785h", "9223372036854775807h", "forever"])
    func `times that are none`(text: String) {
        #expect(throws: UnusableText(index: 0)) { try ToySettings.patience.value(of: [text]) }
    }

    @Test(arguments: [
        (ToySettings.host.declaration, "A host. (env XET_HOST or HOST, default: here)"),
        (ToySettings.url.declaration, "A URL. (env XET_SOME_URL, default: none at all)"),
        (ToySettings.secret.declaration, "A secret. (env XET_THE_SECRET)"),
        (ToySettings.hidden.declaration, "Whether not. (env XET_NO_VIEW, default: false)"),
    ])
    func help(declaration: SettingDeclaration, expected: String) {
        #expect(declaration.help == expected)
    }

    @Test func `flags that turn around`() {
        #expect(ToySettings.isOn.declaration.inverseName == "no-turned-on")
        #expect(ToySettings.hidden.declaration.inverseName == "view")
        #expect(!ToySettings.secret.declaration.hasFlag)
    }
}
