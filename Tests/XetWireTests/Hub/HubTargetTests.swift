import Testing
import XetCore
import XetWire

@Suite struct HubTargetTests {
    private static let commit = "0123456789abcdef0123456789abcdef01234567"

    private func repository(_ name: String = "models/acme/model") throws -> Repository {
        try #require(Repository(archiveName: name))
    }

    @Test(arguments: [
        ("/acme/model/resolve/main/a%20b/c.bin", "/acme/model/resolve/main/a%20b/c.bin"),
        ("/acme/model/resolve/main/a b/c.bin?download=true", "/acme/model/resolve/main/a%20b/c.bin"),
        ("/acme/model/resolve/refs%2Fpr%2F1/%41", "/acme/model/resolve/refs%2Fpr%2F1/A"),
        ("/api/models/acme/model", "/api/models/acme/model"),
        ("/api/models/acme/model/", "/api/models/acme/model"),
        ("/api/models/acme/model?blobs=False&expand=x", "/api/models/acme/model?expand=x"),
        ("/api/models/acme/model/revision/v1?b=True&a=1", "/api/models/acme/model/revision/v1?a=1&b=true"),
        (
            "/api/models/acme/model/tree/main?recursive=True&expand=False&limit=5",
            "/api/models/acme/model/tree/main?recursive=true"
        ),
        ("/api/models/acme/model/tree/main/a%2Fb", "/api/models/acme/model/tree/main/a/b"),
        ("/api/models/acme/model/refs?include_prs=1", "/api/models/acme/model/refs?include_prs=1"),
        ("/api/models/acme/model/paths-info/main", "/api/models/acme/model/paths-info/main"),
        // As it stands.
        ("/acme/model/raw/main/x?y=False", "/acme/model/raw/main/x?y=False"),
        ("/api/models/acme/model/commits/main?p=1", "/api/models/acme/model/commits/main?p=1"),
        (
            "/api/resolve-cache/models/acme/model/c/x?etag=%22a%22",
            "/api/resolve-cache/models/acme/model/c/x?etag=%22a%22"
        ),
        ("/api/models/acme/other", "/api/models/acme/other"),
    ])
    func oneSpelling(target: String, text: String) throws {
        let parsed = HubTarget(target, of: try repository())
        #expect(parsed.text == text)
        #expect(HubTarget(text, of: try repository()) == parsed)
    }

    @Test func aCommitTakesThePlaceOfTheRevision() throws {
        for (target, text) in [
            ("/acme/model/resolve/main/x", "/acme/model/resolve/\(Self.commit)/x"),
            ("/api/models/acme/model", "/api/models/acme/model/revision/\(Self.commit)"),
            ("/api/models/acme/model/tree/v1?recursive=1", "/api/models/acme/model/tree/\(Self.commit)?recursive=1"),
            ("/api/models/acme/model/refs", "/api/models/acme/model/refs"),
        ] {
            #expect(HubTarget(target, of: try repository()).at(Self.commit).text == text)
        }
    }

    @Test(arguments: ["datasets/acme/data", "spaces/acme/app", "models/gpt2", "datasets/squad"])
    func kindsAndShortNames(name: String) throws {
        let repository = try repository(name)
        let file = HubTarget("/\(repository)/resolve/main/a/b", of: repository)
        #expect(file.subject == .file(path: "a/b") && file.revision == "main")
        #expect(HubTarget("/api/\(name)/tree/main", of: repository).subject == .tree(folder: ""))
        #expect(HubTarget("/api/\(name)", of: repository).wantedRevision == "main")
        #expect(repository.archiveName == name)
    }

    @Test func bucketsHaveNoRevisions() throws {
        let bucket = try repository("buckets/acme/bucket")
        let file = HubTarget("/buckets/acme/bucket/resolve/a/b", of: bucket)
        #expect(file.subject == .file(path: "a/b") && file.revision == nil && file.at(Self.commit) == file)
        #expect(HubTarget("/api/buckets/acme/bucket", of: bucket).wantedRevision == nil)
    }

    @Test func hostileTargetsAreOthers() throws {
        for target in [
            "", "/", "?", "//", "/%", "/acme/model/resolve", "/acme/model/resolve/main", "/api/models/acme/model/tree",
            "x",
        ] {
            let parsed = HubTarget(target, of: try repository())
            #expect(parsed.subject == .other(target) && parsed.text == target)
        }
    }
}

@Suite struct HubKnowledgeTests {
    private static let commit = String(repeating: "a", count: 40)

    @Test func commits() {
        #expect(HubKnowledge.commit(Array(#"{"id":"x","sha":"\#(Self.commit)"}"#.utf8)) == Self.commit)
        for json in ["", "[]", #"{"sha":1}"#, #"{"sha":"main"}"#, #"{"sha":"../x"}"#, #"{"a":{"sha":"x"}}"#, "{"] {
            #expect(HubKnowledge.commit(Array(json.utf8)) == nil)
        }
    }

    @Test(arguments: [
        (#"{"private":false,"gated":false}"#, false, false), (#"{"private": true, "gated": false}"#, true, false),
        (#"{"gated":"auto","private":false}"#, false, true), (#"{"gated":null,"private":null}"#, true, true),
    ])
    func visibility(json: String, isPrivate: Bool, isGated: Bool) {
        let found = HubKnowledge.visibility(Array(json.utf8))
        #expect(found?.isPrivate == isPrivate && found?.isGated == isGated)
    }

    @Test(arguments: ["", "{}", "[]", #"{"private":false}"#, #"{"gated":false}"#])
    func nothingIsSaid(json: String) {
        #expect(HubKnowledge.visibility(Array(json.utf8)) == nil)
    }

    @Test func references() {
        let json = """
            {"branches":[{"name":"main","ref":"refs/heads/main","targetCommit":"\(Self.commit)"}, 1],"tags":[{"name":"v1"}],"x":2}
            """
        #expect(HubKnowledge.references(Array(json.utf8)) == ["main": Self.commit, "refs/heads/main": Self.commit])
    }

    @Test func slices() {
        var slices = TreeSlices()
        let page = #"[ {"path":"a" , "x":[1]},{"y":{},"path":"b\u0041"} ]"#
        let isListing = slices.add(Array(page.utf8))
        #expect(isListing)
        #expect(slices.entries.map(\.path) == ["a", "bA"])
        #expect(TreeSlices.list(slices.entries) == Array(#"[{"path":"a" , "x":[1]},{"y":{},"path":"b\u0041"}]"#.utf8))
        for page in ["", "{}", "[1]", #"[{"path":1}]"#, "[{}]", "[]x", #"[{"path":"c"}"#] {
            let isListing = slices.add(Array(page.utf8))
            #expect(!isListing)
        }
        #expect(slices.entries.count == 2)
    }

    @Test func masks() {
        let json = #"[{"path":"xetHash","xetHash":"ab\u0063"},{"xetHash":null,"lfs":{"oid":"z"}}]"#
        let masked = #"[{"path":"xetHash","xetHash":"***"},{"xetHash":null,"lfs":{"oid":"z"}}]"#
        #expect(XetHashMasking.mask(Array(json.utf8)) == Array(masked.utf8))
        let deep = String(repeating: "[", count: 100_000)
        for json in ["", "{", deep, #"{"xetHash"#] {
            #expect(XetHashMasking.mask(Array(json.utf8)) == Array(json.utf8))
        }
    }
}
