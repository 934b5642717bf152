import Testing
import XetAccess
import XetCore
import XetWire

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

    /// What a path is about, as the lists see it: `+` it is served, `-` it is not, else unless the Hub has these.
    @Test(
        arguments: [
            ([], [], "/api/anything", "+"),
            // What cannot be told.
            (["acme/*"], [], "/api/anything", "-"), ([], ["acme/x"], "/api/anything", "-"),
            ([], ["acme/x"], "/acme/model/blob/main/a", "-"), ([], ["acme/x"], "/api/organizations/acme/members", "-"),
            ([], ["acme/x"], "/api/models-tags-by-type", "-"), ([], ["acme/x"], "/Datasets/squad/resolve/main/a", "-"),
            ([], ["gpt2"], "/models/gpt2/resolve/main/a", "-"), ([], ["acme/x"], "/api/buckets/me/x", "-"),
            // What is about none.
            (["acme/*"], [], "/api/whoami-v2", "+"), (["acme/*"], [], "/xorbs/HASH/a.b", "+"),
            // Names like words of the API.
            ([], ["acme/parquet"], "/api/datasets/acme/parquet", "-"),
            ([], ["acme/*"], "/api/datasets/acme/parquet", "-"), ([], ["acme"], "/api/datasets/acme/parquet", "-"),
            ([], ["tree/tree"], "/api/models/tree/tree/main", "-"), ([], ["tree"], "/api/models/tree/tree/main", "-"),
            ([], ["acme/parquet"], "/api/datasets/acme/parquet/tree/main", "-"),
            (["acme/*"], [], "/api/datasets/acme/parquet", "datasets/acme"),
            (["acme/parquet"], [], "/api/datasets/acme/parquet/tree/main", "datasets/acme"),
            (["gpt2"], [], "/api/models/gpt2/refs", "gpt2/refs"), (["gpt2"], [], "/api/models/gpt2/tree/main", "+"),
            (["acme/*"], [], "/api/models/other/parquet", "-"), (["acme/*"], [], "/api/models/acme/model/refs", "+"),
            (["acme/*"], [], "/acme/resolve/resolve/main/a", "acme"),
            ([], ["acme"], "/acme/resolve/resolve/main/a", "-"),
            // Words that are not known.
            ([], ["squad"], "/api/datasets/squad/new-word", "-"), ([], ["squad/new"], "/api/datasets/squad/new", "-"),
            (["acme/*"], [], "/api/datasets/acme/name/new-word", "+"),
            // The cache of small files.
            ([], ["gpt2"], "/api/resolve-cache/models/gpt2/COMMIT/a", "-"),
            ([], ["gpt2"], "/api/resolve-cache/models/gpt2/COMMIT/a/b", "-"),
            ([], ["gpt2"], "/api/resolve-cache/models/gpt2/main/a/b", "-"),
            ([], ["acme/x"], "/api/resolve-cache/models/acme/x/COMMIT/a", "-"),
            ([], ["acme/x"], "/api/resolve-cache/models/acme%2Fx/COMMIT/a", "-"),
            ([], ["acme/x"], "/api/Resolve-Cache/Models/ACME/X/COMMIT/a", "-"),
            (["gpt2"], [], "/api/resolve-cache/models/gpt2/COMMIT/a", "+"),
            (["acme/*"], [], "/api/resolve-cache/models/acme/x/COMMIT/a", "+"),
            (["acme/*"], [], "/api/resolve-cache/models/acme/x/short/a", "acme"),
            // Spellings.
            ([], ["acme/x"], "/acme/x.git/resolve/main/a", "-"), ([], ["acme/x"], "/acme/X.GIT/info/refs", "-"),
            ([], ["acme/x"], "/acme/x.git.git/raw/main/a", "-"), (["acme/x"], [], "/acme/x.git/info/refs", "+"),
            (["acme/x"], [], "/acme/x/git-upload-pack", "+"), ([], ["acme/x"], "/api/models/acme%2Fx/tree/main", "-"),
            ([], ["elder"], "/api/models/elder%2Ftree/main", "-"), ([], ["acme/x"], "/v2/acme/x/blobs/sha256:0", "-"),
            ([], ["buckets/acme/x"], "/buckets/acme/x/resolve/a%2Fb", "-"),
            ([], ["buckets/acme/x"], "/api/buckets/acme/x/tree/a", "-"),
            (["models/*"], [], "/api/buckets/acme/x/xet-read-token", "-"),
            (["models/*"], [], "/kernels/acme/x/resolve/main/a", "-"),
        ] as [([String], [String], String, String)]
    )
    func `what a path is about`(allow: [String], deny: [String], path: String, expected: String) throws {
        var values = ReloadableSettings.Values()
        values.allow = try patterns(allow)
        values.deny = try patterns(deny)
        let path = path.replacing("COMMIT", with: String(repeating: "c0ffee42", count: 5))
            .replacing("HASH", with: String(repeating: "0", count: 64))
        let found =
            switch RepositoryRules(ReloadableSettings(values)).verdict(RepositorySubject(encodedPath: path)) {
            case .permitted: "+"
            case .refused: "-"
            case .unless(let others): others.map(\.description).joined(separator: " ")
            }
        #expect(found == expected)
    }

    @Test(arguments: [
        ("https://hub.example/acme/x/resolve/main/a", true), ("https://hub.example/acme/denied/resolve/main/a", false),
        ("https://hub.example/api/resolve-cache/models/acme/denied/new/a", false),
        ("https://hub.example/api/resolve-cache/models/acme/x/new/a?b=c", true),
        ("https://hub.example/anything", false), ("https://hub.example/api/models", false),
        ("https://cdn.example/acme/denied/resolve/main/a", true),
    ])
    func `where the Hub redirects to`(address: String, isPermitted: Bool) throws {
        var values = ReloadableSettings.Values()
        values.deny = try patterns(["acme/denied"])
        let hub = try #require(HTTPAddress("https://hub.example"))
        let address = try #require(HTTPAddress(address))
        let rules = RepositoryRules(ReloadableSettings(values))
        if isPermitted {
            try rules.check(address, of: hub)
        } else {
            #expect(throws: XetError.self) { try rules.check(address, of: hub) }
        }
        try RepositoryRules(ReloadableSettings()).check(address, of: hub)
    }

    private func patterns(_ texts: [String]) throws -> [RepositoryPattern] {
        try texts.map { try #require(RepositoryPattern($0)) }
    }
}
