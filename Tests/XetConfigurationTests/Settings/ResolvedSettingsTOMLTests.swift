import Testing

@testable import XetConfiguration

@Suite struct ResolvedSettingsTOMLTests {
    private static let flags = [
        "host": ["a\\\"é"], "some-url": ["x\ty\n\u{7}"], "names": ["a,b"], "turned-on": ["1"], "memory": ["16"],
        "patience": ["500ms"],
    ]

    @Test func `what is printed`() throws {
        let settings = try ToySettings.resolve(
            toml: "\nport = 7",
            environment: ["XET_THE_SECRET": "do not show", "HOST": "there"],
            flags: ["names": ["a", "b"], "memory": ["16MiB"]]
        )
        #expect(
            settings.toml(title: "All of it") == """
                # All of it

                # A host.
                host = "there"  # environment HOST

                # A port.
                port = 7  # xet.toml:2

                # A URL.
                # some-url: not set, so none at all

                # A secret.
                # the-secret: hidden  # environment XET_THE_SECRET

                # Names.
                names = ["a", "b"]  # --names

                # Whether.
                turned-on = false  # default

                # Whether not.
                no-view = false  # default

                # A size.
                max-size = "4KiB"  # default

                # A size.
                memory = "16MiB"  # --memory

                # A time.
                patience = "2s"  # default

                # A level.
                level = "low"  # default

                """
        )
    }

    @Test func `what is printed can be read`() throws {
        let first = try ToySettings.resolve(flags: Self.flags)
        let second = try ToySettings.resolve(toml: first.toml(title: "x"))
        #expect(second.differences(from: first).map(\.name) == ["turned-on"])
        #expect(second[ToySettings.isOn])
        #expect(second[ToySettings.host] == "a\\\"é")
        #expect(second[ToySettings.url] == "x\ty\n\u{7}")
    }
}
