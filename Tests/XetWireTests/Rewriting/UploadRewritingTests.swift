import Foundation
import Testing
import XetWire

@Suite struct UploadRewritingTests {
    private typealias Rewrite = ([UInt8], (UploadRewriting.Target) throws -> String) throws -> [UInt8]

    private func run(_ json: String, _ rewrite: Rewrite) throws -> (json: String, targets: [UploadRewriting.Target]) {
        var targets: [UploadRewriting.Target] = []
        let result = try rewrite(Array(json.utf8)) { target in
            targets.append(target)
            return "new:\(target.url)"
        }
        return (String(decoding: result, as: UTF8.self), targets)
    }

    /// Rewrites tokens to ones of `cas:`.
    private func batch(_ json: [UInt8], _ replacement: (UploadRewriting.Target) throws -> String) throws -> [UInt8] {
        try UploadRewriting.rewriteLFSBatch(json) { token in
            TokenBody(
                casURL: "cas:\(token.casURL)",
                accessToken: "\(token.accessToken) until \(token.expiration)",
                expiration: token.expiration
            )
        } replacement: {
            try replacement($0)
        }
    }

    @Test func `a grant`() throws {
        let json = #"{"id":"7","method":"POST","url":"https://s3/x?y","headers":{"x-amz-a":"1","B":"\u0032"},"z":[]}"#
        let (result, targets) = try run(json, UploadRewriting.rewriteGrant)
        #expect(result == json.replacingOccurrences(of: "https://s3/x?y", with: "new:https://s3/x?y"))
        #expect(targets.count == 1)
        #expect(targets[0].method == "POST")
        #expect(targets[0].headers.map(\.name) == ["x-amz-a", "B"])
        #expect(targets[0].headers.map(\.value) == ["1", "2"])
    }

    @Test(arguments: ["{}", "[]", "", #"{"url":1}"#, #"{"url":"a","url":"b"}"#, #"{"url":"a","headers":[]}"#])
    func `what is no grant`(json: String) {
        #expect(throws: JSONReader.Failure.self) { try run(json, UploadRewriting.rewriteGrant) }
    }

    @Test func `an upload in one piece, and its check`() throws {
        let json = """
            {"transfer":"basic","objects":[{"oid":"a","size":1,"actions":{"upload":{"href":"https://s3/put",
             "header":{"x-a":"1"}},"verify":{"href":"https://hub/verify","header":{"Authorization":"Basic x"}}}},
             {"oid":"b","size":2}]}
            """
        let (result, targets) = try run(json, batch)
        #expect(
            result
                == json.replacingOccurrences(of: "https://s3/put", with: "new:https://s3/put")
                .replacingOccurrences(of: "https://hub/verify", with: "new:https://hub/verify")
        )
        #expect(targets.map(\.method) == ["PUT", "POST"])
        #expect(targets.map { $0.headers.map(\.name) } == [["x-a"], ["Authorization"]])
    }

    @Test func `an upload in parts`() throws {
        let json = """
            {"objects":[{"oid":"a","actions":{"upload":{"header":{"chunk_size":"5","1":"https://s3/1","2":"https://s3/2"},
             "href":"https://hub/done"}}}]}
            """
        let (result, targets) = try run(json, batch)
        #expect(targets.map(\.url) == ["https://s3/1", "https://s3/2", "https://hub/done"])
        #expect(targets.map(\.method) == ["PUT", "PUT", "POST"])
        #expect(targets.flatMap(\.headers).isEmpty)
        for target in targets { #expect(result.contains("\"new:\(target.url)\"")) }
        #expect(result.contains(#""chunk_size":"5""#))
    }

    @Test func `an upload to XET`() throws {
        let json = """
            {"transfer":"xet","objects":[{"actions":{"upload":{"href":"https://hub/token","header":
             {"X-Xet-Cas-Url":"https://cas","x-xet-access-token":"secret","X-Xet-Token-Expiration":"17","X-A":"b"}}}}]}
            """
        let (result, targets) = try run(json, batch)
        #expect(targets.map(\.url) == ["https://hub/token"])
        #expect(
            result
                == json.replacingOccurrences(of: "https://hub/token", with: "new:https://hub/token")
                .replacingOccurrences(of: "https://cas", with: "cas:https://cas")
                .replacingOccurrences(of: "secret", with: "secret until 17")
        )
    }

    /// Half a token would lead the client past the proxy.
    @Test(arguments: [
        #""X-Xet-Cas-Url":"https://cas""#, #""X-Xet-Access-Token":"a","X-Xet-Token-Expiration":"17""#,
        #""X-Xet-Cas-Url":"https://cas","X-Xet-Access-Token":"a","X-Xet-Token-Expiration":"x""#,
        #""X-Xet-Cas-Url":"a","x-xet-cas-url":"b","X-Xet-Access-Token":"a","X-Xet-Token-Expiration":"1""#,
    ])
    func `half a token`(header: String) {
        let json = "{\"objects\":[{\"actions\":{\"upload\":{\"href\":\"a\",\"header\":{\(header)}}}}]}"
        #expect(throws: JSONReader.Failure.self) { try run(json, batch) }
    }

    @Test func `a download`() throws {
        let json = #"{"objects":[{"actions":{"download":{"href":"https://cdn/x"}}}]}"#
        let (_, targets) = try run(json, batch)
        #expect(targets.map(\.method) == ["GET"])
    }

    @Test func `a batch without addresses stays`() throws {
        for json in [#"{"transfer":"xet","objects":[{"oid":"a","actions":null}]}"#, #"{"message":"no"}"#] {
            #expect(try run(json, batch).json == json)
        }
    }
}
