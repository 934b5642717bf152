import NIOCore
import Synchronization
import Testing
import XetAccess
import XetClientTestSupport
import XetCore
import XetTestSupport

@testable import XetClient

/// Several ranges of one URL: whatever the host answers, every byte of every range comes once and in order.
@Suite(.timeLimit(.minutes(5))) struct CDNClientRangesTests {
    private static let whole = Inputs.splitmix(300_000, seed: 31)
    private static let places: [ClosedRange<Int>] = [100...299, 1000...1199, 50_000...249_999, 260_000...260_199]
    private static let list = "bytes=100-299,1000-1199,50000-249999,260000-260199"

    private static func infos(_ server: ScriptedServer, _ places: [ClosedRange<Int>] = places) throws -> [FetchInfo] {
        try places.enumerated().map { index, place in
            try FetchInfo(
                chunks: try #require(ChunkRange(start: 10 * index, end: 10 * index + 10)),
                bytes: try #require(HTTPByteRange(first: UInt64(place.lowerBound), last: UInt64(place.upperBound))),
                url: SignedURL(server.origin + "/xorb?s=1"),
                place: SignedPlace(index: index, count: places.count)
            )
        }
    }

    /// What comes of one fetch of several ranges.
    private struct Result {
        var contents: [[UInt8]]
        /// The indices in the order in which bytes came.
        var order: [Int] = []
        var code: XetError.Code?

        /// Every byte of ``places``, once and in order.
        var hasAll: Bool {
            code == nil && order == order.sorted()
                && contents == CDNClientRangesTests.places.map { Array(CDNClientRangesTests.whole[$0]) }
        }
    }

    /// `onBytes` is told how many bytes of all ranges have come.
    private static func fetch(
        _ client: CDNClient,
        _ infos: [FetchInfo],
        onBytes: (Int) -> Void = { _ in }
    ) async throws -> Result {
        var result = Result(contents: [[UInt8]](repeating: [], count: infos.count))
        var byteCount = 0
        do {
            try await client.fetch(infos) { index, piece in
                result.contents[index] += piece.readableBytesView
                result.order.append(index)
                byteCount += piece.readableBytes
                onBytes(byteCount)
            }
        } catch let error as XetError {
            result.code = error.code
        }
        return result
    }

    private static func expectAll(_ client: CDNClient, _ infos: [FetchInfo]) async throws {
        let result = try await fetch(client, infos)
        #expect(result.hasAll, "\(result.code?.description ?? "other bytes"), \(result.contents.map(\.count))")
    }

    /// Runs `body` with a client and the infos of ``places`` at a server that answers single ranges, and the list as `script` says.
    private static func withList(
        _ script: @escaping ScriptedServer.Script,
        _ body: (CDNClient, [FetchInfo], ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.run({ $0.range?.contains(",") == true ? script($0) : single($0) }) { server in
            try await withUpstream { http in
                try await body(CDNClient(http: http), try infos(server), server)
            }
        }
    }

    private static func single(_ request: ReceivedRequest) -> ScriptedAnswer {
        let bounds = (request.range ?? "").split { "=-".contains($0) }.compactMap { Int($0) }
        guard bounds.count == 2 else { return ScriptedAnswer(400) }
        return part(bounds[0]...bounds[1])
    }

    private static func part(_ place: ClosedRange<Int>) -> ScriptedAnswer {
        let range = "bytes \(place.lowerBound)-\(place.upperBound)/\(whole.count)"
        return ScriptedAnswer(206, [("Content-Range", range)], Array(whole[place]))
    }

    private static func multipart(_ places: [ClosedRange<Int>] = places, _ end: String = "\r\n--b--\r\n")
        -> ScriptedAnswer
    {
        var body: [UInt8] = []
        for place in places {
            let range = "bytes \(place.lowerBound)-\(place.upperBound)/\(whole.count)"
            body += Array("\r\n--b\r\nContent-Type: x/y\r\nContent-Range: \(range)\r\n\r\n".utf8) + whole[place]
        }
        return ScriptedAnswer(206, [("Content-Type", "multipart/byteranges; boundary=b")], body + Array(end.utf8))
    }

    // MARK: Hosts that can

    @Test func `one request for all, with the list as it is signed`() async throws {
        try await Self.withList({ _ in Self.multipart() }) { client, infos, server in
            for _ in 0..<2 {
                #expect(client.isOneRequest(infos))
                try await Self.expectAll(client, infos)
            }
            #expect(server.requests.map(\.range) == [Self.list, Self.list])
            #expect(server.requests.allSatisfy { $0.authorization == nil && $0.target == "/xorb?s=1" })
        }
    }

    @Test(arguments: [true, false])
    func `bodies in chunks, and what stands behind the last part`(isChunked: Bool) async throws {
        for end in [
            "\r\n--b--", "\r\n--b--\r\nepilogue", "", "\r\n--b\r\nContent-Range: bytes 0-0/1\r\n\r\nx", "\r\nx",
        ] {
            try await Self.withList({ _ in
                var answer = Self.multipart(Self.places, end)
                answer.isChunked = isChunked
                return answer
            }) { client, infos, server in
                try await Self.expectAll(client, infos)
                #expect(server.requests.count == 1)
                #expect(client.isOneRequest(infos))
            }
        }
    }

    @Test func `a connection that breaks behind the last part`() async throws {
        try await Self.withList({ _ in
            var answer = Self.multipart(Self.places, "\r\n--b")
            answer.announcedByteCount = answer.body.count + 4
            return answer
        }) { client, infos, server in
            let all = Self.places.reduce(0) { $0 + $1.count }
            let result = try await Self.fetch(client, infos) { if $0 == all { server.closeConnections() } }
            #expect(result.hasAll)
            #expect(server.requests.count == 1)
        }
    }

    @Test func `a redirect keeps the list`() async throws {
        try await Self.withList({ request in
            request.target.hasPrefix("/xorb") ? ScriptedAnswer(302, [("Location", "/moved")]) : Self.multipart()
        }) { client, infos, server in
            try await Self.expectAll(client, infos)
            #expect(server.requests.map(\.range) == [Self.list, Self.list])
        }
    }

    // MARK: What is asked for

    @Test func `parts of a list are asked for one by one`() async throws {
        try await Self.withList({ _ in Self.multipart() }) { client, infos, server in
            for some in [Array(infos.dropFirst()), Array(infos.prefix(2)), [infos[2]]] {
                #expect(client.isOneRequest(some) == (some.count == 1))
                let before = server.requests.count
                let result = try await Self.fetch(client, some)
                #expect(result.contents == some.map { Array(Self.whole[Int($0.bytes.first)...Int($0.bytes.last)]) })
                #expect(server.requests.dropFirst(before).map(\.range) == some.map(\.bytes.headerValue))
            }
            #expect(try await Self.fetch(client, []).contents == [])
        }
    }

    @Test(arguments: [[100...299, 200...399], [1000...1199, 100...299], [100...299, 100...299]])
    func `ranges that overlap or go back are asked for one by one`(places: [ClosedRange<Int>]) async throws {
        try await Self.withList({ _ in Self.multipart(places) }) { client, _, server in
            let infos = try Self.infos(server, places)
            #expect(!client.isOneRequest(infos))
            let result = try await Self.fetch(client, infos)
            #expect(result.contents == places.map { Array(Self.whole[$0]) })
            #expect(server.requests.map(\.range) == infos.map(\.bytes.headerValue))
        }
    }

    @Test func `a list that is too long for a header is asked for one by one`() async throws {
        try await Self.withList({ _ in ScriptedAnswer(431) }) { client, _, server in
            let infos = try Self.infos(server, (0..<600).map { 200 * $0...200 * $0 + 99 })
            #expect(!client.isOneRequest(infos))
            let result = try await Self.fetch(client, infos)
            #expect(result.code == nil)
            #expect(server.requests.map(\.range) == infos.map(\.bytes.headerValue))
        }
    }

    // MARK: Hosts that cannot

    /// What a host may answer instead, and how many of the ranges it gave all the same.
    enum Instead: CaseIterable {
        case badRequest, forbidden, unauthorized, notFound, unsatisfiable, failure, notImplemented, noContent
        case whole, wholeInChunks, tooShortWhole, first, second, two, around, nothingKnown, unbounded, otherType
        case noParts, missing, merged, reordered, doubled, otherRange, noRange, longPart, json

        var answer: ScriptedAnswer {
            let places = CDNClientRangesTests.places
            let whole = CDNClientRangesTests.whole
            let multipart = { CDNClientRangesTests.multipart($0) }
            switch self {
            case .badRequest: return ScriptedAnswer(400)
            case .forbidden: return ScriptedAnswer(403)
            case .unauthorized: return ScriptedAnswer(401)
            case .notFound: return ScriptedAnswer(404)
            case .unsatisfiable: return ScriptedAnswer(416, [("Content-Range", "bytes */300000")])
            case .failure: return ScriptedAnswer(500)
            case .notImplemented: return ScriptedAnswer(501)
            case .noContent: return ScriptedAnswer(204)
            case .whole: return ScriptedAnswer(200, [], whole)
            case .wholeInChunks:
                var answer = ScriptedAnswer(200, [], whole)
                answer.isChunked = true
                return answer
            case .tooShortWhole: return ScriptedAnswer(200, [], Array(whole.prefix(100)))
            case .first: return part(places[0])
            case .second: return part(places[1])
            case .two: return part(100...1199)
            case .around: return part(0...299_999)
            case .nothingKnown: return ScriptedAnswer(206, [], Array(whole[100...299]))
            case .unbounded:
                return ScriptedAnswer(206, [("Content-Type", "multipart/byteranges")], multipart(places).body)
            case .otherType:
                return ScriptedAnswer(206, [("Content-Type", "multipart/mixed; boundary=b")], multipart(places).body)
            case .noParts: return multipart([])
            case .missing: return multipart([places[0], places[1], places[3]])
            case .merged: return multipart([places[0], 1000...249_999, places[3]])
            case .reordered: return multipart([places[0], places[2], places[1], places[3]])
            case .doubled: return multipart([places[0], places[0], places[1], places[2], places[3]])
            case .otherRange: return multipart([places[0], 1000...1198])
            case .noRange:
                var answer = multipart([places[0]])
                answer.body.removeLast(9)
                answer.body += Array("\r\n--b\r\nContent-Type: x/y\r\n\r\n".utf8) + whole[places[1]]
                return answer
            case .longPart:
                var answer = multipart([places[0]])
                answer.body.removeLast(9)
                answer.body += Array("more\r\n--b--\r\n".utf8)
                return answer
            case .json: return ScriptedAnswer(200, [("Content-Type", "application/json")], json: "{}")
            }
        }

        private func part(_ place: ClosedRange<Int>) -> ScriptedAnswer { CDNClientRangesTests.part(place) }

        /// How many ranges the answer gives.
        var rangeCount: Int {
            switch self {
            case .first, .merged, .reordered, .doubled, .otherRange, .noRange, .longPart: 1
            case .two, .missing: 2
            case .whole, .wholeInChunks, .around: 4
            default: 0
            }
        }
    }

    @Test(arguments: Instead.allCases)
    func `what else is answered`(instead: Instead) async throws {
        try await Self.withList({ _ in instead.answer }) { client, infos, server in
            #expect(client.isOneRequest(infos))
            try await Self.expectAll(client, infos)
            let singles = infos.dropFirst(instead.rangeCount).map(\.bytes.headerValue)
            #expect(server.requests.map(\.range) == [Self.list] + singles)
            // From now on it is known.
            #expect(!client.isOneRequest(infos))
            try await Self.expectAll(client, infos)
            #expect(server.requests.dropFirst(1 + singles.count).map(\.range) == infos.map(\.bytes.headerValue))
        }
    }

    // MARK: Failures that say nothing of the host

    @Test(arguments: [401, 403, 410])
    func `an address that has expired`(status: Int) async throws {
        try await ScriptedServer.run({ _ in ScriptedAnswer(status) }) { server in
            try await withUpstream { http in
                let client = CDNClient(http: http)
                let infos = try Self.infos(server)
                for _ in 0..<4 {
                    let result = try await Self.fetch(client, infos)
                    #expect(result.code == .expired)
                    #expect(client.isOneRequest(infos))
                }
                #expect(
                    server.requests.map(\.range)
                        == Array(repeating: [Self.list, "bytes=100-299"], count: 4).flatMap(\.self)
                )
            }
        }
    }

    @Test(arguments: [
        (408, XetError.Code.timedOut), (429, .rateLimited), (502, .unavailable), (503, .unavailable), (504, .timedOut),
    ])
    func `a host that is busy`(status: Int, expected: XetError.Code) async throws {
        try await Self.withList({ _ in ScriptedAnswer(status) }) { client, infos, server in
            for count in 1...5 {
                let result = try await Self.fetch(client, infos)
                #expect(result.code == expected)
                #expect(server.requests.map(\.range) == Array(repeating: Self.list, count: count))
            }
            #expect(client.isOneRequest(infos))
        }
    }

    /// Where the body breaks, as bytes of the third range; what came before is whole.
    @Test(arguments: [0, 1, 50_000, 199_999])
    func `a body that breaks off`(byteCount: Int) async throws {
        var broken = Self.multipart()
        let third = try #require(broken.body.firstRange(of: Self.whole[50_000..<150_050])).lowerBound
        broken.announcedByteCount = broken.body.count
        broken.body.removeSubrange((third + byteCount)...)
        let answer = broken
        try await Self.withList({ _ in answer }) { client, infos, server in
            // When everything that was sent has come.
            let result = try await Self.fetch(client, infos) {
                if $0 == 400 + byteCount { server.closeConnections() }
            }
            #expect(result.code == .connectionFailed)
            #expect(result.contents[0...1] == [Array(Self.whole[100...299]), Array(Self.whole[1000...1199])])
            #expect(result.contents[2] == Array(Self.whole[50_000..<50_000 + byteCount]))
            #expect(result.contents[3] == [])
            #expect(server.requests.count == 1)
            // The rest, as who repeats asks for it.
            let rest = try await Self.fetch(client, Array(infos[2...]))
            #expect(rest.contents == Self.places[2...].map { Array(Self.whole[$0]) })
            #expect(client.isOneRequest(infos))
        }
    }

    @Test func `a body that ends too early as if that were all`() async throws {
        var short = Self.multipart()
        short.body.removeLast(100_000)
        short.isChunked = true
        let answer = short
        try await Self.withList({ _ in answer }) { client, infos, server in
            let result = try await Self.fetch(client, infos)
            #expect(result.code == .connectionFailed)
            #expect(server.requests.count == 1)
        }
        // Between two parts nothing is missing of what was begun.
        try await Self.withList({ _ in Self.multipart(Array(Self.places.prefix(2)), "\r\n--b") }) {
            client,
            infos,
            server in
            try await Self.expectAll(client, infos)
            #expect(server.requests.map(\.range) == [Self.list, "bytes=50000-249999", "bytes=260000-260199"])
        }
    }

    @Test func `a host that ends the connection when it is asked for a list`() async throws {
        let silent = { @Sendable (_: ReceivedRequest) in
            var answer = ScriptedAnswer(206)
            answer.announcedByteCount = 100
            answer.isBroken = true
            return answer
        }
        try await Self.withList({ request in
            var answer = silent(request)
            answer.headers = [("Content-Type", "multipart/byteranges; boundary=b")]
            return answer
        }) { client, infos, server in
            for count in 1...MultipartHosts.maximumDoubtCount {
                #expect(client.isOneRequest(infos))
                let result = try await Self.fetch(client, infos)
                #expect(result.code == .connectionFailed)
                #expect(server.requests.count == count)
            }
            #expect(!client.isOneRequest(infos))
            try await Self.expectAll(client, infos)
        }
    }

    @Test func `a host that closes the connection without a word`() async throws {
        try await Self.withList({ _ in ScriptedAnswer.dropped }) { client, infos, server in
            for _ in 0..<MultipartHosts.maximumDoubtCount {
                #expect(client.isOneRequest(infos))
                let before = server.requests.count
                try await Self.expectAll(client, infos)
                let ranges = server.requests.dropFirst(before).map(\.range)
                #expect(Set(ranges) == Set([Self.list] + infos.map(\.bytes.headerValue)))
            }
            #expect(!client.isOneRequest(infos))
        }
    }

    @Test func `a host that did it before is not doubted for a broken connection`() async throws {
        let answers = Mutex([ScriptedAnswer]())
        try await Self.withList({ _ in answers.withLock { $0.popLast() } ?? Self.multipart() }) { client, infos, _ in
            try await Self.expectAll(client, infos)
            for _ in 0..<5 {
                var broken = Self.multipart()
                broken.announcedByteCount = broken.body.count
                broken.body.removeSubrange(150...)
                broken.isBroken = true
                answers.withLock { $0 = [broken] }
                let result = try await Self.fetch(client, infos)
                #expect(result.code == .connectionFailed)
                #expect(client.isOneRequest(infos))
            }
            try await Self.expectAll(client, infos)
        }
    }

    private struct Enough: Error {}

    @Test(arguments: [0, 1, 3])
    func `what the body throws comes out as it is, and ends the request`(index: Int) async throws {
        try await Self.withList({ _ in Self.multipart() }) { client, infos, server in
            await #expect(throws: Enough.self) {
                try await client.fetch(infos) { found, _ in if found == index { throw Enough() } }
            }
            #expect(server.requests.count == 1)
            #expect(client.isOneRequest(infos))
        }
    }

    @Test func `other sources ask for each range`() async throws {
        let source = EchoSource()
        let infos = try (0..<3).map { index in
            try FetchInfo(
                chunks: try #require(ChunkRange(start: index, end: index + 1)),
                bytes: try #require(HTTPByteRange(first: UInt64(100 * index), last: UInt64(100 * index + 9))),
                url: SignedURL("https://cdn.example/x"),
                place: SignedPlace(index: index, count: 3)
            )
        }
        var found: [Int: String] = [:]
        let fetches = infos.map { XorbFetch(xorb: .zero, info: $0) }
        try await source.fetch(fetches) { found[$0, default: ""] += String(buffer: $1.bytes) }
        #expect(found == [0: "bytes=0-9", 1: "bytes=100-109", 2: "bytes=200-209"])
        #expect(!source.isOneRequest(fetches) && source.isOneRequest([fetches[0]]))
    }

    /// Says what it was asked for.
    private struct EchoSource: XorbSource {
        func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws {
            try await body(XorbPiece(ByteBuffer(string: fetch.info.bytes.headerValue)))
        }
    }
}
