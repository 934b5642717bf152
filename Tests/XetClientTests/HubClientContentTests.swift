import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import XetAccess
import XetClientTestSupport
import XetCore
import XetTestSupport
import XetWire

@testable import XetClient

@Suite(.timeLimit(.minutes(5))) struct HubClientContentTests {
    private struct Sink: DeliverySink {
        var bytes: [UInt8] = []

        mutating func deliver(_ bytes: ByteBuffer) async throws { self.bytes += bytes.readableBytesView }
    }

    private struct Outcome {
        var bytes: [UInt8] = []
        /// What the content says it holds.
        var range: FileByteRange?
        var code: XetError.Code?
    }

    private static let content = Inputs.splitmix(5000, seed: 3)
    private static let commit = ("X-Repo-Commit", "c0ffee")
    private static let tag = [("ETag", "\"v1\""), commit]
    /// Attempts follow each other without a wait.
    private static let retry = RetryPolicy(maximumAttempts: 4, baseDelay: .zero, maximumDelay: .zero)

    private func download(
        _ hub: HubClient,
        byteCount: UInt64? = 5000,
        range: FileByteRange? = nil,
        body: RetryPolicy = retry
    ) async throws -> Outcome {
        let request = FileRequest(
            repository: try #require(Repository(kind: .model, name: "owner/name")),
            revision: "main",
            path: "file.bin",
            token: HubToken("hf_a")
        )
        let file = ResolvedFile(storage: .regular, byteCount: byteCount, etag: "\"v1\"", commit: "c0ffee")
        var outcome = Outcome()
        var sink = Sink()
        do {
            let content = try await hub.content(of: request, file, range: range, retry: Self.retry)
            outcome.range = content.range
            try await content.stream(retry: body, clock: ManualClock(isJumping: true), into: &sink)
        } catch let error as XetError {
            outcome.code = error.code
        }
        outcome.bytes = sink.bytes
        return outcome
    }

    /// What a server that knows ranges answers.
    private static func answer(_ request: ReceivedRequest, _ headers: [(String, String)] = tag) -> ScriptedAnswer {
        guard let range = request.range.flatMap(RangeHeader.init), let bytes = range.resolved(byteCount: 5000),
            let sent = HTTPByteRange(bytes)
        else { return ScriptedAnswer(200, headers, content) }
        let header = ("Content-Range", ContentRangeHeader.satisfied(sent, total: 5000).value)
        return ScriptedAnswer(206, headers + [header], Array(content[Int(bytes.start)..<Int(bytes.end)]))
    }

    /// Breaks the connection `missing` bytes before the end.
    private static func broken(_ answer: ScriptedAnswer, missing: Int) -> ScriptedAnswer {
        var answer = answer
        answer.announcedByteCount = answer.body.count
        answer.body.removeLast(missing)
        answer.isBroken = true
        return answer
    }

    @Test func `a whole file`() async throws {
        try await withHub({ Self.answer($0) }) { hub, server in
            let outcome = try await download(hub)
            #expect(outcome.bytes == Self.content)
            #expect(outcome.range == FileByteRange(count: 5000))
            #expect(server.requests.map(\.range) == [nil])
            #expect(server.requests.map(\.authorization) == ["Bearer hf_a"])
            #expect(server.requests.first?.headers.first(name: "accept-encoding") == "identity")
        }
    }

    @Test(arguments: [(0, 1), (0, 4999), (1, 5000), (4999, 5000), (100, 200)])
    func `ranges`(start: UInt64, end: UInt64) async throws {
        let range = try #require(FileByteRange(start: start, end: end))
        try await withHub({ Self.answer($0) }) { hub, server in
            let outcome = try await download(hub, range: range)
            #expect(outcome.bytes == Array(Self.content[Int(start)..<Int(end)]))
            #expect(outcome.range == range)
            #expect(server.requests.map(\.range) == ["bytes=\(start)-\(end - 1)"])
        }
    }

    @Test func `a server that ignores ranges`() async throws {
        let range = try #require(FileByteRange(start: 100, end: 200))
        try await withHub({ _ in ScriptedAnswer(200, Self.tag, Self.content) }) { hub, _ in
            let outcome = try await download(hub, range: range)
            #expect(outcome.range == FileByteRange(count: 5000))
            #expect(outcome.bytes == Self.content)
        }
    }

    @Test(arguments: ["bytes 0-99/5000", "bytes 100-198/5000", "bytes 101-200/5000", "bytes */5000", "nonsense", ""])
    func `another range than the one that was asked for`(header: String) async throws {
        let range = try #require(FileByteRange(start: 100, end: 200))
        let answer = ScriptedAnswer(206, Self.tag + [("Content-Range", header)], Array(Self.content[100..<200]))
        try await withHub({ _ in answer }) { hub, _ in
            let outcome = try await download(hub, range: range)
            #expect(outcome.code == .invalidResponse)
            #expect(outcome.bytes == [])
        }
    }

    @Test func `a size that the Hub does not say`() async throws {
        try await withHub({ _ in
            var answer = ScriptedAnswer(200, [Self.commit], Self.content)
            answer.isChunked = true
            return answer
        }) { hub, _ in
            let outcome = try await download(hub, byteCount: nil)
            #expect(outcome.bytes == Self.content && outcome.range == nil && outcome.code == nil)
        }
    }

    // MARK: Lengths that do not fit

    @Test(arguments: [4999, 5001], [false, true])
    func `another size than the Hub said`(byteCount: Int, isChunked: Bool) async throws {
        try await withHub({ _ in
            var answer = ScriptedAnswer(200, Self.tag, Array((Self.content + [1]).prefix(byteCount)))
            answer.isChunked = isChunked
            return answer
        }) { hub, _ in
            let outcome = try await download(hub)
            #expect(outcome.code != nil)
            #expect(Self.content.starts(with: outcome.bytes))
        }
    }

    /// Only a request for a range may be answered with one, or with there being none.
    @Test(arguments: [204, 206, 416])
    func `a status that was not asked for`(status: Int) async throws {
        for byteCount in [nil, 5000] as [UInt64?] {
            try await withHub({ _ in ScriptedAnswer(status, Self.tag, status == 204 ? [] : Array("error".utf8)) }) {
                hub,
                _ in
                let outcome = try await download(hub, byteCount: byteCount)
                #expect(outcome.code != nil)
                #expect(outcome.bytes == [])
            }
        }
    }

    // MARK: Connections that break

    @Test(arguments: [nil, (100, 4000)] as [(UInt64, UInt64)?])
    func `a broken connection is taken up where it broke`(bounds: (UInt64, UInt64)?) async throws {
        let range = bounds.flatMap { FileByteRange(start: $0.0, end: $0.1) } ?? FileByteRange(count: 5000)
        let breaks = range.end - 500
        try await withHub({ request in
            let answer = Self.answer(request)
            return request.range?.hasPrefix("bytes=\(breaks)-") == true ? answer : Self.broken(answer, missing: 500)
        }) { hub, server in
            let outcome = try await download(hub, range: bounds == nil ? nil : range)
            #expect(outcome.code == nil)
            #expect(outcome.bytes == Array(Self.content[Int(range.start)..<Int(range.end)]))
            #expect(server.requests.map(\.range).last == "bytes=\(breaks)-\(range.end - 1)")
            #expect(server.requests.count == 2)
        }
    }

    @Test func `a message that breaks after the last byte is whole`() async throws {
        try await withHub({ request in
            var answer = Self.answer(request)
            answer.isChunked = true
            answer.isBroken = true
            return answer
        }) { hub, server in
            let outcome = try await download(hub)
            #expect(outcome.code == nil)
            #expect(outcome.bytes == Self.content)
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: ["\"v2\"", "W/\"v1\"", nil] as [String?])
    func `what has changed meanwhile is not taken up`(tag: String?) async throws {
        try await withHub({ request in
            guard request.range != nil else { return Self.broken(Self.answer(request), missing: 500) }
            return Self.answer(request, [Self.commit] + (tag.map { [("ETag", $0)] } ?? []))
        }) { hub, _ in
            let outcome = try await download(hub)
            #expect(outcome.code == .invalidResponse)
            #expect(outcome.bytes == Array(Self.content.prefix(4500)))
        }
    }

    @Test func `without a strong tag nothing is taken up`() async throws {
        for tag in [[Self.commit], [("ETag", "W/\"v1\""), Self.commit]] {
            try await withHub({ request in Self.broken(Self.answer(request, tag), missing: 500) }) { hub, server in
                let outcome = try await download(hub)
                #expect(outcome.code == .connectionFailed)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `failures in a row end it`() async throws {
        try await withHub({ _ in ScriptedAnswer(503) }) { hub, server in
            let found = try await download(hub).code
            #expect(found == .unavailable)
            #expect(server.requests.count == 4)
        }
        try await withHub({ request in
            request.range == nil ? Self.broken(Self.answer(request), missing: 500) : ScriptedAnswer(503)
        }) { hub, server in
            let outcome = try await download(hub)
            #expect(outcome.code == .unavailable)
            #expect(outcome.bytes == Array(Self.content.prefix(4500)))
            // The one that brought something is the first of four.
            #expect(server.requests.count == 4)
        }
    }

    // MARK: A server that is away

    @Test(arguments: [500, 502, 503, 504, 429, 408])
    func `an outage in the middle is outlasted`(status: Int) async throws {
        let count = Mutex(0)
        try await withHub({ request in
            if request.range == nil { return Self.broken(Self.answer(request), missing: 500) }
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number <= 40 ? ScriptedAnswer(status) : Self.answer(request)
        }) { hub, server in
            let told = Mutex<[UpstreamServer?]>([])
            let retry = RetryPolicy.outlasting { error, _ in told.withLock { $0.append(error.server) } }
            let outcome = try await download(hub, body: retry)
            #expect(outcome.code == nil)
            #expect(outcome.bytes == Self.content)
            #expect(server.requests.count == 42)
            #expect(Set(server.requests.dropFirst().map(\.range)) == ["bytes=4500-4999"])
            let hubServer = UpstreamServer(.hub, host: "127.0.0.1:\(hub.endpoint.origin.port)")
            #expect(told.withLock { $0 } == Array(repeating: hubServer, count: 41))
        }
    }

    @Test(arguments: [403, 404, 410, 416])
    func `a refusal in the middle is final`(status: Int) async throws {
        try await withHub({ request in
            request.range == nil ? Self.broken(Self.answer(request), missing: 500) : ScriptedAnswer(status)
        }) { hub, server in
            let outcome = try await download(hub, body: .outlasting())
            #expect(outcome.code != nil)
            #expect(outcome.bytes == Array(Self.content.prefix(4500)))
            #expect(server.requests.count == 2)
        }
    }

    @Test func `no time for an outage means no attempt`() async throws {
        try await withHub({ Self.broken(Self.answer($0), missing: 500) }) { hub, server in
            let outcome = try await download(hub, body: .outlasting(.zero))
            #expect(outcome.code == .connectionFailed)
            #expect(server.requests.count == 1)
        }
    }

    @Test func `before the first byte attempts are counted, whatever follows`() async throws {
        try await withHub({ _ in ScriptedAnswer(503) }) { hub, server in
            let error = try await download(hub, body: .outlasting())
            #expect(error.code == .unavailable)
            #expect(server.requests.count == 4)
        }
    }

    // MARK: What is no answer of the Hub, or one about another file

    @Test(arguments: [
        [], [("Content-Type", "text/html")], [("ETag", "\"v1\"")], [("ETag", "\"v2\""), commit],
        [("X-Repo-Commit", "beef")],
        [("X-Linked-Etag", "\"v2\""), ("ETag", "\"v1\""), commit], tag + [("Content-Encoding", "gzip")],
        tag + [("Content-Encoding", "x-gzip, br")],
    ])
    func `bytes of something else`(headers: [(String, String)]) async throws {
        for byteCount in [nil, 5000] as [UInt64?] {
            for range in [nil, FileByteRange(start: 100, end: 200)] {
                try await withHub({ Self.answer($0, headers) }) { hub, _ in
                    let outcome = try await download(hub, byteCount: byteCount, range: byteCount == nil ? nil : range)
                    #expect(outcome.code == .invalidResponse)
                    #expect(outcome.bytes == [])
                }
            }
        }
    }

    @Test(arguments: [
        [("ETag", "W/\"v1\""), commit], [("X-Linked-Etag", "\"v1\""), ("ETag", "\"other\""), commit], [commit],
        [("ETag", "\"v1\""), ("X-Repo-Commit", "a later one")],
    ])
    func `the same file in other words`(headers: [(String, String)]) async throws {
        try await withHub({ Self.answer($0, headers) }) { hub, _ in
            let bytes = try await download(hub).bytes
            #expect(bytes == Self.content)
        }
    }

    @Test func `a host with bytes need not know the file, and may not code them`() async throws {
        for (headers, expected) in [([], nil), ([("Content-Encoding", "gzip")], XetError.Code.invalidResponse)] {
            try await ScriptedServer.run({ Self.answer($0, headers) }) { store in
                let location = store.origin + "/bytes"
                try await withHub({ _ in ScriptedAnswer(302, Self.tag + [("Location", location)]) }) { hub, _ in
                    let outcome = try await download(hub)
                    #expect(outcome.code == expected)
                    #expect(outcome.bytes == (expected == nil ? Self.content : []))
                    #expect(store.requests.map { $0.headers.first(name: "accept-encoding") } == ["identity"])
                }
            }
        }
    }

    @Test func `an error status is not a file`() async throws {
        try await withHub({ _ in ScriptedAnswer(404, [("X-Error-Code", "EntryNotFound")], Array("no".utf8)) }) {
            hub,
            _ in
            let outcome = try await download(hub)
            #expect(outcome.code == .notFound)
            #expect(outcome.bytes == [])
        }
    }
}
