import Testing
import XetAccess

@testable import XetObjects

@Suite struct S3LocationTests {
    @Test(arguments: [
        ("s3://models", "models", ""), ("s3://models/", "models", ""), ("s3://models/a", "models", "a"),
        ("s3://my-models.x1/a/B_c/", "my-models.x1", "a/B_c"), ("s3://abc/v1.0/(x)!", "abc", "v1.0/(x)!"),
    ])
    func `reads bucket and prefix`(text: String, bucket: String, prefix: String) throws {
        let location = try S3Location(text)
        #expect(location.bucket == bucket)
        #expect(location.prefix == prefix)
        #expect(try S3Location("\(location)") == location)
    }

    @Test func `puts the prefix before names`() throws {
        #expect(try S3Location("s3://abc").key("a/b") == "a/b")
        #expect(try S3Location("s3://abc/p/q/").key("a/b") == "p/q/a/b")
        #expect(try S3Location("s3://abc/p/q/").key("") == "p/q/")
    }

    @Test(arguments: [
        ("", "is no place"), ("models", "is no place"), ("https://abc/x", "is no place"), ("S3://abc", "is no place"),
        ("s3://", "0 bytes"), ("s3:///a", "0 bytes"), ("s3://ab", "2 bytes"),
        ("s3://" + String(repeating: "a", count: 64), "64"),
        ("s3://Models", "is no name"), ("s3://my_models", "is no name"), ("s3://abc?x", "is no name"),
        ("s3://user:pass@abc", "is no name"), ("s3://-abc", "at its ends"), ("s3://abc-", "at its ends"),
        ("s3://a..b", "at its ends"), ("s3://a.-b", "at its ends"), ("s3://192.168.1.1", "an address"),
        ("s3://abc//a", "empty part"), ("s3://abc/a//b", "empty part"), ("s3://abc/a//", "empty part"),
        ("s3://abc/../b", "the part '..'"), ("s3://abc/a/.", "the part '.'"), ("s3://abc/a b", "not every store"),
        ("s3://abc/ä", "not every store"), ("s3://abc/%2e%2e", "not every store"), ("s3://abc/a?b", "not every store"),
        ("s3://abc/" + String(repeating: "a", count: 512), "at most 511"),
    ])
    func `says what is wrong`(text: String, words: String) throws {
        let error = #expect(throws: ObjectStoreError.self) { try S3Location(text) }
        #expect(error?.kind == .invalid)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func `shows nothing that a terminal would obey`() throws {
        let error = #expect(throws: ObjectStoreError.self) { try S3Location("s3://abc/\u{1B}[2J") }
        #expect(error?.message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } == true)
    }
}
