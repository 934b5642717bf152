import Testing
import XetCore

@testable import XetProxy

@Suite struct RepositoryRulesTests {
    @Test(
        arguments: [
            ([], [], "acme/model", true),
            (["acme/*"], [], "acme/model", true),
            (["acme/*"], [], "other/model", false),
            (["acme/*", "other/model"], [], "other/model", true),
            (["acme/*", "other/model"], [], "other/second", false),
            ([], ["acme/secret"], "acme/secret", false),
            ([], ["acme/secret"], "Acme/SECRET", false),
            ([], ["acme/secret"], "acme/model", true),
            (["acme/*"], ["acme/secret"], "acme/secret", false),
            (["acme/*"], ["acme/secret"], "acme/model", true),
            (["acme/secret"], ["*"], "acme/secret", false),
            (["models/*"], ["acme/*"], "datasets/other/data", false),
        ] as [([String], [String], String, Bool)]
    )
    func `which repositories are served`(
        allow: [String],
        deny: [String],
        repository: String,
        isServed: Bool
    ) throws {
        let rules = RepositoryRules(allow: try patterns(allow), deny: try patterns(deny))
        #expect(rules.permits(try #require(Repository(prefixedName: repository))) == isServed)
    }

    private func patterns(_ texts: [String]) throws -> [RepositoryPattern] {
        try texts.map { try #require(RepositoryPattern($0)) }
    }
}
