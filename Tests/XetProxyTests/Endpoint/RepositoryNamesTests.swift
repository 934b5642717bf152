import Testing
import XetCore

@testable import XetProxy

@Suite struct RepositoryNamesTests {
    @Test(arguments: [
        (#"{"name": "new", "organization": "acme"}"#, "acme/new"), (#"{"name": "acme/new"}"#, "acme/new"),
        (#"{"name": "new", "organization": "acme", "type": "dataset"}"#, "datasets/acme/new"),
        (#"{"name": "acme/b", "type": "bucket", "organization": null}"#, "buckets/acme/b"),
        (#"{"fromRepo": "acme/a", "toRepo": "other/b", "type": null}"#, "acme/a other/b"),
    ])
    func `requests about a repository`(json: String, names: String) throws {
        let found = try #require(RepositoryNames.inRepositoryRequest(Array(json.utf8)))
        #expect(found.map(\.description).joined(separator: " ") == names)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"name": "new"}"#, #"{"name": "acme/a", "name": "acme/b"}"#, #"{"name": ["acme/a"]}"#,
        #"{"name": "acme/a", "type": ["dataset"]}"#, #"{"name": "acme/a", "type": "thing"}"#, #"{"name": "me/a"}"#,
        #"{"name": "acme/a", "organization": "acme"}"#, #"{"name": "acme/a"} x"#, #"{"toRepo": "acme/a b"}"#,
    ])
    func `requests about nobody knows which`(json: String) {
        #expect(RepositoryNames.inRepositoryRequest(Array(json.utf8)) == nil)
    }

    @Test func `copies`() throws {
        let bucket = try #require(Repository(kind: .bucket, name: "acme/b"))
        let lines = """
            {"type": "addFile", "path": "a"}

            {"type": "copyFile", "sourceRepoType": "model", "sourceRepoId": "acme/a"}\r
            {"type": "copyFile", "sourceRepoType": "bucket", "sourceRepoId": "acme/c"}
            """
        let found = RepositoryNames.inCopy(.bucketBatch, Array(lines.utf8), of: bucket)
        #expect(Set(try #require(found).map(\.description)) == ["acme/a", "buckets/acme/c"])
        for line in [
            #"{"sourceRepoId": "acme/a"}"#, #"{"sourceRepoType": "model"}"#, "x", "[]",
            #"{"sourceRepoType": "model", "sourceRepoId": "a"}"#,
        ] {
            #expect(RepositoryNames.inCopy(.bucketBatch, Array((lines + "\n" + line).utf8), of: bucket) == nil)
        }
        let model = try #require(Repository(kind: .model, name: "acme/a"))
        let copy = RepositoryNames.inCopy(.duplicate, Array(#"{"repository": "acme/b"}"#.utf8), of: model)
        #expect(copy?.map(\.description) == ["acme/b"])
        #expect(RepositoryNames.inCopy(.duplicate, Array("{}".utf8), of: model) == nil)
    }
}
