import Testing
import XetCore

@testable import XetOrigin

@Suite struct RepositoryPatternTests {
    @Test(arguments: [
        ("models/acme/demo", true), ("models/acme/*", true), ("models/*/demo", true), ("*/acme/demo", true),
        ("*", true),
        ("datasets/acme/demo", false), ("models/acme/dem", false), ("models/acm/*", false), ("spaces/*/*", false),
    ])
    func `matches whole names`(text: String, expected: Bool) throws {
        let repository = try #require(Repository(kind: .model, name: "acme/demo"))
        #expect(try #require(RepositoryPattern(text)).matches(repository) == expected)
    }

    @Test(arguments: ["", "acme/demo", "model/acme/demo", "models/acme", "models//demo", "models/acme/demo/x", "**"])
    func `refuses what is no pattern`(text: String) {
        #expect(RepositoryPattern(text) == nil)
    }
}
