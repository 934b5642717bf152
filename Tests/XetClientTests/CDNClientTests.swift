import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import XetAccess
import XetClientTestSupport
import XetCore
import XetTestSupport

@testable import XetClient

@Suite(.timeLimit(.minutes(5))) struct CDNClientTests {
    private static let content = Inputs.splitmix(200, seed: 5)
    private static let signature = "?X-Amz-Signature=a%2Bb%2F%3D&x=1+2&y=%7E~"

    /// Bytes 100...299, or from 0 when the range is to be the whole.
    private func info(_ server: ScriptedServer, first: UInt64 = 100, path: String = "/xorb") throws -> FetchInfo {
        try FetchInfo(
            chunks: try #require(ChunkRange(start: 3, end: 5)),
            bytes: try #require(HTTPByteRange(first: first, last: first + 199)),
            url: SignedURL(server.origin + path + Self.signature)
        )
    }

    /// What comes through, and the error if one comes.
    private func fetch(
        first: UInt64 = 100,
        configuration: UpstreamHTTP.Configuration = .init(),
        _ script: @escaping ScriptedServer.Script
    ) async throws -> (bytes: [UInt8], code: XetError.Code?, requests: [ReceivedRequest]) {
        try await ScriptedServer.run(script) { server in
            try await withUpstream(configuration) { http in
                let client = CDNClient(http: http)
                var bytes: [UInt8] = []
                do {
                    try await client.fetch(try info(server, first: first)) { bytes += $0.readableBytesView }
                    return (bytes, nil, server.requests)
                } catch let error as XetError {
                    return (bytes, error.code, server.requests)
                }
            }
        }
    }

    private static func partial(_ range: String = "bytes 100-299/1000", _ body: [UInt8] = content) -> ScriptedAnswer {
        ScriptedAnswer(206, [("Content-Range", range)], body)
    }

    @Test func `the range and the address go out as they were given, without a token`() async throws {
        let result = try await fetch { _ in Self.partial() }
        #expect(result.bytes == Self.content && result.code == nil)
        let request = try #require(result.requests.first)
        #expect(request.range == "bytes=100-299")
        #expect(request.target == "/xorb" + Self.signature)
        #expect(request.authorization == nil)
    }

    @Test(arguments: ["bytes 100-299/*", "bytes 100-299/300", "Bytes 100-299/1000"])
    func `ranges that are the right one`(range: String) async throws {
        #expect(try await fetch { _ in Self.partial(range) }.code == nil)
    }

    @Test(arguments: [
        "bytes 0-199/1000", "bytes 100-298/1000", "bytes 101-299/1000", "bytes 101-300/1000", "bytes */1000",
        "chunks 100-299/1000", "", "x",
    ])
    func `another range than the one that was asked for`(range: String) async throws {
        let result = try await fetch { _ in Self.partial(range) }
        #expect(result.code == .corrupt)
        #expect(result.bytes == [])
    }

    @Test func `a partial answer may leave out what it is part of, but not its length`() async throws {
        #expect(try await fetch { _ in ScriptedAnswer(206, [], Self.content) }.code == nil)
        #expect(try await fetch { _ in ScriptedAnswer(206, [], Self.content + [1]) }.code == .corrupt)
    }

    @Test func `parts are not the range`() async throws {
        let headers = [("Content-Type", "Multipart/byteranges; boundary=x")]
        #expect(try await fetch { _ in ScriptedAnswer(206, headers, Self.content) }.code == .corrupt)
    }

    // MARK: More than was asked for

    /// The range is taken out of the whole, or of a larger range, however it is sent.
    @Test(arguments: [(0, 0), (0, 1), (0, 500), (100, 0), (100, 1), (100, 500)], [false, true])
    func `more than the range`(around: (first: UInt64, after: Int), isChunked: Bool) async throws {
        let (first, after) = around
        let whole = Inputs.splitmix(Int(first), seed: 6) + Self.content + Inputs.splitmix(after, seed: 7)
        let range = "bytes \(first / 2)-\(whole.count - 1)/\(whole.count)"
        for status in [200, 206] {
            let result = try await fetch(first: first) { _ in
                let body = status == 200 ? whole : Array(whole.dropFirst(Int(first) / 2))
                var answer = ScriptedAnswer(status, status == 206 ? [("Content-Range", range)] : [], body)
                answer.isChunked = isChunked
                return answer
            }
            #expect(result.bytes == Self.content)
            #expect(result.code == nil)
        }
    }

    @Test func `a whole that has no such range`() async throws {
        for count in [0, 100, 299] {
            let result = try await fetch { _ in ScriptedAnswer(200, [], Inputs.splitmix(count, seed: 6)) }
            #expect(result.code == .invalidResponse)
            #expect(result.bytes == [])
        }
        let short = try await fetch { _ in
            var answer = ScriptedAnswer(200, [], Inputs.splitmix(100, seed: 6) + Self.content.dropLast())
            answer.isChunked = true
            return answer
        }
        #expect(short.code == .connectionFailed)
        #expect(short.bytes == Self.content.dropLast())
    }

    @Test func `no more is thrown away than a xorb has`() async throws {
        let most = RangeAnswer.maximumSkippedByteCount
        let result = try await fetch(first: most + 1) { _ in
            var answer = ScriptedAnswer(200, [], [])
            answer.announcedByteCount = Int(most) + 1000
            answer.isBroken = true
            return answer
        }
        #expect(result.code == .invalidResponse)
        let partial = try await fetch(first: most + 1) { _ in
            ScriptedAnswer(206, [("Content-Range", "bytes 0-\(most + 200)/*")], [])
        }
        #expect(partial.code == .corrupt)
    }

    @Test(arguments: ["gzip", "BR", "identity, x-gzip"])
    func `a coding is not asked for, and not taken`(coding: String) async throws {
        let result = try await fetch { _ in
            var answer = Self.partial()
            answer.headers.append(("Content-Encoding", coding))
            return answer
        }
        #expect(result.code == .invalidResponse)
        #expect(result.bytes == [])
        #expect(result.requests.map { $0.headers.first(name: "accept-encoding") } == ["identity"])
    }

    @Test(arguments: [
        (401, XetError.Code.expired), (403, .expired), (410, .expired), (404, .notFound), (416, .rangeNotSatisfiable),
        (429, .rateLimited),
        (500, .unavailable), (204, .invalidResponse), (304, .invalidResponse),
    ])
    func `statuses`(status: Int, expected: XetError.Code) async throws {
        let result = try await fetch { _ in ScriptedAnswer(status) }
        #expect(result.code == expected)
        #expect(result.bytes == [])
    }

    // MARK: Lengths

    @Test func `a body that breaks off`() async throws {
        let result = try await fetch { _ in
            var answer = Self.partial()
            answer.announcedByteCount = 200
            answer.body.removeLast(50)
            answer.isBroken = true
            return answer
        }
        #expect(result.code == .connectionFailed)
        #expect(Self.content.starts(with: result.bytes))
    }

    @Test(arguments: [199, 201])
    func `an announced length that is not that of the range`(byteCount: Int) async throws {
        let body = Array((Self.content + [1]).prefix(byteCount))
        let result = try await fetch { _ in Self.partial("bytes 100-299/1000", body) }
        #expect(result.code == .corrupt)
        #expect(result.bytes == [])
    }

    @Test(
        arguments: [(150, XetError.Code.connectionFailed), (200, nil), (201, .corrupt), (5000, .corrupt)]
            as [(Int, XetError.Code?)]
    )
    func `a body without an announced length`(byteCount: Int, expected: XetError.Code?) async throws {
        let body = Array((Self.content + Inputs.splitmix(5000, seed: 1)).prefix(byteCount))
        let result = try await fetch { _ in
            var answer = Self.partial("bytes 100-299/1000", body)
            answer.isChunked = true
            return answer
        }
        #expect(result.code == expected)
        #expect(result.bytes.count <= 200)
    }

    // MARK: Redirects and failures

    @Test func `a redirect keeps the range`() async throws {
        let result = try await fetch { request in
            request.target.hasPrefix("/xorb") ? ScriptedAnswer(302, [("Location", "/moved?s=1")]) : Self.partial()
        }
        #expect(result.bytes == Self.content)
        #expect(result.requests.map(\.target).last == "/moved?s=1")
        #expect(result.requests.map(\.range) == ["bytes=100-299", "bytes=100-299"])
    }

    @Test func `a redirect to nowhere, and one without end`() async throws {
        #expect(try await fetch { _ in ScriptedAnswer(302, [("Location", "ftp://x/")]) }.code == .invalidResponse)
        #expect(try await fetch { _ in ScriptedAnswer(302, [("Location", "/again")]) }.code == .invalidResponse)
        #expect(try await fetch { _ in ScriptedAnswer(302) }.code == .invalidResponse)
    }

    @Test func `an address that is none`() async throws {
        let info = try FetchInfo(
            chunks: try #require(ChunkRange(start: 0, end: 1)),
            bytes: try #require(HTTPByteRange(first: 0, last: 99)),
            url: SignedURL("/xorb")
        )
        try await withUpstream { http in
            let error = await #expect(throws: XetError.self) { try await CDNClient(http: http).fetch(info) { _ in } }
            #expect(error?.code == .invalidResponse)
        }
    }

    @Test func `silence in the middle of a body`() async throws {
        var configuration = UpstreamHTTP.Configuration()
        configuration.readTimeout = .milliseconds(50)
        let result = try await fetch(configuration: configuration) { _ in
            var answer = Self.partial()
            answer.announcedByteCount = 200
            answer.body.removeLast(50)
            return answer
        }
        #expect(result.code == .timedOut)
    }

    @Test func `errors and logs show no signature`() async throws {
        try await ScriptedServer.run({ _ in ScriptedAnswer(404) }) { server in
            try await withUpstream { http in
                let info = try info(server)
                #expect(!"\(info.url)".contains("Signature"))
                do {
                    try await CDNClient(http: http).fetch(info) { _ in }
                } catch {
                    #expect(!"\(error)".contains("Signature"))
                    #expect("\(error)".contains("/xorb"))
                }
            }
        }
    }

    private struct Enough: Error {}

    @Test func `what the body throws comes out as it is`() async throws {
        try await ScriptedServer.run({ _ in Self.partial() }) { server in
            let info = try info(server)
            try await withUpstream { http in
                await #expect(throws: Enough.self) {
                    try await CDNClient(http: http).fetch(info) { _ in throw Enough() }
                }
            }
        }
    }
}
