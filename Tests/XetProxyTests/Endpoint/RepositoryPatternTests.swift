import Testing
import XetCore

@testable import XetProxy

@Suite struct RepositoryPatternTests {
    @Test(arguments: [
        ("*", "acme/model"), ("*", "gpt2"), ("*", "datasets/acme/data"), ("*", "spaces/acme/app"),
        ("acme/*", "acme/model"), ("acme/*", "datasets/acme/data"), ("ACME/*", "acme/model"), ("acme/*", "Acme/Model"),
        ("acme/model", "acme/model"), ("acme/Model", "ACME/mODEL"), ("acme/model", "spaces/acme/model"),
        ("*/model", "acme/model"), ("*/*", "acme/model"), ("gpt2", "gpt2"), ("gpt2", "GPT2"),
        ("models/*", "acme/model"), ("models/*", "gpt2"), ("models/acme/*", "acme/model"), ("models/gpt2", "gpt2"),
        ("datasets/*", "datasets/squad"), ("datasets/acme/*", "datasets/acme/data"),
        ("datasets/squad", "datasets/squad"),
        ("spaces/*", "spaces/acme/app"), ("spaces/acme/app", "spaces/acme/app"), ("acme/models", "acme/models"),
        ("kernels/*", "kernels/acme/k"), ("buckets/acme/*", "buckets/acme/b"), ("acme/*", "buckets/acme/b"),
    ])
    func `what a pattern means`(pattern: String, repository: String) throws {
        #expect(try matches(pattern, repository))
    }

    @Test(arguments: [
        ("acme/*", "other/model"), ("acme/*", "acme"), ("acme/*", "gpt2"), ("acme/model", "acme/model2"),
        ("acme/model", "acme/mode"), ("*/model", "acme/other"), ("*/*", "gpt2"), ("gpt2", "acme/gpt2"),
        ("models/*", "datasets/acme/data"), ("models/acme/*", "datasets/acme/model"), ("datasets/*", "acme/data"),
        ("datasets/acme/data", "acme/data"), ("spaces/*", "datasets/acme/app"), ("datasets/squad", "squad"),
    ])
    func `what a pattern does not mean`(pattern: String, repository: String) throws {
        #expect(try matches(pattern, repository) == false)
    }

    @Test(arguments: [
        "", "/", "acme/", "buckets", "kernels", "buckets/acme", "/model", "acme//model", "a/b/c", "models/a/b/c",
        "models", "datasets", "spaces", "datasets/",
        "models//", "acme/mod*", "a*/b", "**", "*/*/*", "acme/mo del", "acme/..", "./model", " acme/*", "acme/model\n",
        "https://huggingface.co/acme/model", "ünï/code", "acme/\u{301}*",
    ])
    func `what is no pattern`(text: String) {
        #expect(RepositoryPattern(text) == nil)
    }

    private func matches(_ pattern: String, _ repository: String) throws -> Bool {
        try #require(RepositoryPattern(pattern)).matches(try #require(Repository(prefixedName: repository)))
    }
}
