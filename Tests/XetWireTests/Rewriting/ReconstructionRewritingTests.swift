import Foundation
import Testing
import XetCore
import XetTestSupport
import XetWire

@Suite struct ReconstructionRewritingTests {
    private static let hash = String(repeating: "0123456789abcdef", count: 4)

    /// Rewrites to `new:` and what was given, and tells what that was.
    private func rewrite(_ json: String) throws -> (json: String, fetches: [ReconstructionRewriting.Fetch]) {
        var fetches: [ReconstructionRewriting.Fetch] = []
        let result = try ReconstructionRewriting.rewrite(Array(json.utf8)) { fetch in
            fetches.append(fetch)
            return "new:\(fetch.url)"
        }
        return (String(decoding: result, as: UTF8.self), fetches)
    }

    @Test func `version 1`() throws {
        let json = """
            {"offset_into_first_range":12,"more":{"url":"kept"},"terms":[{"hash":"\(Self.hash)","url":"kept"}],
             "fetch_info":{"\(Self.hash)":[{"range":{"start":4,"end":13},"url":"https:\\/\\/a\\/1","x":1.0,
             "url_range":{"start":243350,"end":678305}},{"url_range":{"end":9,"start":0},"url":"https://a/2"}]}}
            """
        let (result, fetches) = try rewrite(json)
        #expect(
            result
                == json.replacingOccurrences(of: "https:\\/\\/a\\/1", with: "new:https://a/1")
                .replacingOccurrences(of: "https://a/2", with: "new:https://a/2")
        )
        #expect(fetches.map(\.url) == ["https://a/1", "https://a/2"])
        #expect(fetches.allSatisfy { $0.xorb == XorbHash(Self.hash) })
        #expect(fetches.map { $0.parts.map(\.bytes.headerValue) } == [["bytes=243350-678305"], ["bytes=0-9"]])
    }

    @Test func `version 2`() throws {
        let json = """
            {"terms":[],"xorbs":{"\(Self.hash)":[{"url":"https://a/1","ranges":[
             {"chunks":{"start":0,"end":3},"bytes":{"start":0,"end":144876}},
             {"bytes":{"start":271833,"end":494644},"chunks":{"start":5,"end":8}}]}]}}
            """
        let (result, fetches) = try rewrite(json)
        #expect(result == json.replacingOccurrences(of: "https://a/1", with: "new:https://a/1"))
        #expect(fetches.count == 1)
        #expect(fetches[0].parts.map(\.bytes.headerValue) == ["bytes=0-144876", "bytes=271833-494644"])
    }

    @Test(arguments: ["mix_v1_full", "mix_v1_range", "mix_v2_full", "mix_v2_range"])
    func `golden answers`(name: String) throws {
        let json = String(decoding: try Vectors.golden("reconstruction/\(name).json"), as: UTF8.self)
        let (result, fetches) = try rewrite(json)
        #expect(!fetches.isEmpty)
        #expect(result != json)
        let version: ReconstructionVersion = name.contains("v1") ? .v1 : .v2
        let before = try Reconstruction(json: Data(json.utf8), version: version)
        let after = try Reconstruction(json: Data(result.utf8), version: version)
        #expect(after.terms == before.terms)
        for (xorb, infos) in before.fetches {
            let others = try #require(after.fetches[xorb])
            #expect(others.infos.map(\.bytes) == infos.infos.map(\.bytes))
            #expect(others.infos.map(\.url.secret) == infos.infos.map { "new:\($0.url.secret)" })
        }
    }

    @Test func `an answer without URLs`() throws {
        for json in ["{\"terms\":[],\"fetch_info\":{}}", "{}", "{\"xorbs\":null}"] {
            let (result, fetches) = try rewrite(json)
            #expect(result == json)
            #expect(fetches.isEmpty)
        }
    }

    /// A URL that stays would lead the client past the proxy.
    @Test(arguments: [
        "", "[]", "{\"fetch_info\":{\"x\":[{\"url\":\"a\",\"url_range\":{\"start\":0,\"end\":1}}]}}",
        "{\"fetch_info\":{\"HASH\":[{\"url\":\"a\"}]}}",
        "{\"fetch_info\":{\"HASH\":[{\"url_range\":{\"start\":0,\"end\":1}}]}}",
        "{\"fetch_info\":{\"HASH\":[{\"url\":\"a\",\"url_range\":{\"start\":1,\"end\":0}}]}}",
        "{\"fetch_info\":{\"HASH\":[{\"url\":\"a\",\"url\":\"b\",\"url_range\":{\"start\":0,\"end\":1}}]}}",
        "{\"fetch_info\":{\"HASH\":[{\"url\":1,\"url_range\":{\"start\":0,\"end\":1}}]}}",
        "{\"fetch_info\":{\"HASH\":{}}}", "{\"xorbs\":{\"HASH\":[{\"url\":\"a\",\"ranges\":[]}]}}",
        "{\"xorbs\":{\"HASH\":[{\"url\":\"a\",\"ranges\":[{\"bytes\":{\"start\":0}}]}]}}",
        "{\"fetch_info\":{}} x", "{\"fetch_info\":{}",
    ])
    func `what cannot be used`(json: String) {
        #expect(throws: JSONReader.Failure.self) {
            try rewrite(json.replacingOccurrences(of: "HASH", with: Self.hash))
        }
    }
}
