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
        let settings = ReloadableSettings()
        let rules = RepositoryRules(settings)
        let repository = try #require(Repository(prefixedName: repository))
        #expect(rules.permits(repository))
        var values = ReloadableSettings.Values()
        values.allow = try patterns(allow)
        values.deny = try patterns(deny)
        settings.replace(with: values)
        #expect(rules.permits(repository) == isServed)
    }

    private func patterns(_ texts: [String]) throws -> [RepositoryPattern] {
        try texts.map { try #require(RepositoryPattern($0)) }
    }
}
