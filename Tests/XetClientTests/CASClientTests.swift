import Synchronization
import Testing
import XetAccess
import XetClientTestSupport
import XetCore
import XetTestSupport
import XetWire

@testable import XetClient

/// Issues numbered tokens for one CAS.
private final class Tokens: TokenProvider {
    private let endpoint: String
    private let calls = Mutex<[CASToken?]>([])

    init(_ endpoint: String) {
        self.endpoint = endpoint
    }

    /// The tokens that were refused, one entry for each call.
    var refusals: [CASToken?] { calls.withLock { $0 } }

    func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken {
        let number = calls.withLock { calls in
            calls.append(refused)
            return calls.count { $0 != nil }
        }
        return CASToken(endpoint: endpoint, secret: "token-\(number)", expiration: .max)
    }
}

/// Takes each token once.
private final class UsedTokens: Sendable {
    private let tokens = Mutex<Set<String>>([])

    func use(_ token: String) -> Bool { tokens.withLock { $0.insert(token).inserted } }
}

@Suite(.timeLimit(.minutes(5))) struct CASClientTests {
    private static let file = FileHash(words: (1, 2, 3, 4))
    private static let v1 = "/v1/reconstructions/\(file)"
    private static let v2 = "/v2/reconstructions/\(file)"
    private static let retry = RetryPolicy(maximumAttempts: 3, baseDelay: .zero, maximumDelay: .seconds(1))

    private static func golden(_ version: Int) -> ScriptedAnswer {
        do {
            return ScriptedAnswer(200, [], try Vectors.golden("reconstruction/mix_v\(version)_full.json"))
        } catch {
            return ScriptedAnswer(500, [], Array("\(error)".utf8))
        }
    }

    /// A CAS that knows the given versions.
    private static func cas(_ versions: Int...) -> ScriptedServer.Script {
        { request in
            for version in versions where request.target.hasPrefix("/v\(version)/") { return golden(version) }
            return ScriptedAnswer(404)
        }
    }

    private func withCAS<Value>(
        base: String = "",
        clock: any Clock<Duration> = ManualClock(isJumping: true),
        _ script: @escaping ScriptedServer.Script,
        _ body: (_ source: any ReconstructionSource, _ server: ScriptedServer, _ refusals: () -> [CASToken?])
            async throws -> Value
    ) async throws -> Value {
        try await ScriptedServer.run(script) { server in
            try await withUpstream { http in
                let tokens = Tokens(server.origin + base)
                let client = CASClient(http: http, tokens: tokens, retry: Self.retry, clock: clock)
                guard let repository = Repository(kind: .model, name: "owner/name") else {
                    throw XetError(.invalidRequest, "no name")
                }
                let scope = TokenScope(repository: repository, revision: "main", token: HubToken("hf_a"))
                return try await body(client.reconstructions(for: scope), server) { tokens.refusals }
            }
        }
    }

    private func code(_ source: any ReconstructionSource, _ range: FileByteRange? = nil) async -> XetError.Code? {
        do {
            _ = try await source.reconstruction(of: Self.file, range: range)
            return nil
        } catch {
            return (error as? XetError)?.code
        }
    }

    @Test func `a request for a range`() async throws {
        let range = try #require(FileByteRange(start: 10, end: 20))
        try await withCAS(Self.cas(1, 2)) { source, server, _ in
            let reconstruction = try await source.reconstruction(of: Self.file, range: range)
            #expect(reconstruction?.terms.count == 5)
            let request = try #require(server.requests.first)
            #expect(server.requests.count == 1)
            #expect(request.target == Self.v2)
            #expect(request.range == "bytes=10-19")
            // The CAS token, not the Hub's.
            #expect(request.authorization == "Bearer token-0")
        }
    }

    @Test func `a request for the whole has no range, and a base path stays in front`() async throws {
        try await withCAS(base: "/base/", { _ in Self.golden(2) }) { source, server, _ in
            _ = try await source.reconstruction(of: Self.file, range: nil)
            #expect(server.requests.map(\.target) == ["/base" + Self.v2])
            #expect(server.requests.map(\.range) == [nil])
        }
    }

    @Test func `an empty range is no request`() async throws {
        try await withCAS(Self.cas(2)) { source, server, _ in
            #expect(await code(source, FileByteRange(count: 0)) == .invalidRequest)
            #expect(server.requests.isEmpty)
        }
    }

    // MARK: Versions

    @Test(arguments: [404, 501])
    func `where there is no version 2, version 1 is asked from then on`(status: Int) async throws {
        try await withCAS({ $0.target == Self.v1 ? Self.golden(1) : ScriptedAnswer(status) }) { source, server, _ in
            for _ in 0..<3 {
                let found = try await source.reconstruction(of: Self.file, range: nil)
                #expect(found?.terms.count == 5)
            }
            #expect(server.requests.map(\.target) == [Self.v2, Self.v1, Self.v1, Self.v1])
        }
    }

    @Test func `both versions say the same`() async throws {
        try await withCAS(Self.cas(1)) { first, _, _ in
            try await withCAS(Self.cas(2)) { second, _, _ in
                let one = try await first.reconstruction(of: Self.file, range: nil)
                let two = try await second.reconstruction(of: Self.file, range: nil)
                #expect(one == two)
            }
        }
    }

    @Test func `an unknown file leaves version 2 in use`() async throws {
        try await withCAS(Self.cas()) { source, server, _ in
            for _ in 0..<2 { #expect(await code(source) == .notFound) }
            #expect(server.requests.map(\.target) == [Self.v2, Self.v1, Self.v2, Self.v1])
        }
    }

    @Test func `other failures do not lead to version 1`() async throws {
        for (status, expected) in [(403, XetError.Code.forbidden), (400, .invalidResponse), (500, .unavailable)] {
            try await withCAS({ _ in ScriptedAnswer(status) }) { source, server, _ in
                #expect(await code(source) == expected)
                #expect(!server.requests.map(\.target).contains(Self.v1))
                #expect(server.requests.count == (expected == .unavailable ? 3 : 1))
            }
        }
    }

    @Test func `a range beyond the end is no failure`() async throws {
        let range = try #require(FileByteRange(start: 10, end: 20))
        try await withCAS({ _ in ScriptedAnswer(416) }) { source, server, _ in
            let found = try await source.reconstruction(of: Self.file, range: range)
            #expect(found == nil)
            #expect(server.requests.count == 1)
        }
    }

    // MARK: Tokens

    @Test func `a refused token is renewed once`() async throws {
        try await withCAS({ request in
            request.authorization == "Bearer token-0" ? ScriptedAnswer(401) : Self.golden(2)
        }) { source, server, refusals in
            let found = try await source.reconstruction(of: Self.file, range: nil)
            #expect(found != nil)
            #expect(server.requests.map(\.authorization) == ["Bearer token-0", "Bearer token-1"])
            #expect(refusals().map { $0?.secret } == [nil, "token-0"])
        }
    }

    @Test func `a new token that is refused too is final`() async throws {
        try await withCAS({ _ in ScriptedAnswer(401) }) { source, server, _ in
            // Not the caller's fault: to him it is no 401.
            #expect(await code(source) == .invalidResponse)
            #expect(server.requests.count == 2)
        }
    }

    @Test func `a new token that others have used up is no refusal`() async throws {
        let used = UsedTokens()
        try await withCAS({ request in
            // Each token is good once.
            used.use(request.authorization ?? "") ? Self.golden(2) : ScriptedAnswer(401)
        }) { source, server, _ in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 { group.addTask { try await source.reconstruction(of: Self.file, range: nil) != nil } }
                for try await isFound in group { #expect(isFound) }
            }
            #expect(server.requests.count >= 4)
        }
    }

    @Test func `the token stays with the CAS`() async throws {
        try await ScriptedServer.run({ _ in Self.golden(2) }) { other in
            let origin = other.origin
            try await withCAS({ _ in ScriptedAnswer(307, [("Location", origin + "/elsewhere")]) }) { source, _, _ in
                _ = await code(source)
                #expect(other.requests.allSatisfy { $0.authorization == nil })
            }
        }
    }

    @Test(arguments: ["cas.example", "ftp://cas.example", "", "https://user@cas.example"])
    func `a CAS address that is none`(endpoint: String) async throws {
        try await withUpstream { http in
            let client = CASClient(
                http: http,
                tokens: Tokens(endpoint),
                retry: Self.retry,
                clock: ManualClock(isJumping: true)
            )
            let repository = try #require(Repository(kind: .model, name: "owner/name"))
            let scope = TokenScope(repository: repository, revision: "main", token: nil)
            #expect(await code(client.reconstructions(for: scope)) == .invalidResponse)
        }
    }

    // MARK: Repeating

    @Test func `what may pass is asked again`() async throws {
        let count = Mutex(0)
        let clock = ManualClock(isJumping: true)
        try await withCAS(
            clock: clock,
            { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return number < 3 ? ScriptedAnswer(503, [("Retry-After", "1")]) : Self.golden(2)
            }
        ) { source, server, _ in
            let found = try await source.reconstruction(of: Self.file, range: nil)
            #expect(found != nil)
            #expect(server.requests.count == 3)
            #expect(clock.sleeps == [.seconds(1), .seconds(1)])
        }
    }

    @Test(arguments: [
        "", "{}", "[]", "null", #"{"offset_into_first_range":0}"#,
        #"{"offset_into_first_range":-1,"terms":[],"xorbs":{}}"#,
    ])
    func `what is no reconstruction`(json: String) async throws {
        try await withCAS({ _ in ScriptedAnswer(json: json) }) { source, server, _ in
            #expect(await code(source) == .invalidResponse)
            #expect(server.requests.count == 1)
        }
    }

    @Test func `an answer that breaks off`() async throws {
        try await withCAS({ _ in
            var answer = Self.golden(2)
            answer.announcedByteCount = answer.body.count
            answer.body.removeLast(10)
            answer.isBroken = true
            return answer
        }) { source, server, _ in
            #expect(await code(source) == .connectionFailed)
            #expect(server.requests.count == 3)
        }
    }

    // MARK: Bounds

    @Test func `a window bounds its reconstruction`() throws {
        let window = FileByteRange(count: 8 << 20)
        let most = CASClient.maximumBodyByteCount(for: window)
        // A term of 8 KiB each, with a URL of 4 KiB.
        #expect(most >= (8 << 20) / (8 << 10) * (4096 + 400))
        #expect(most <= 16 << 20)
        #expect(CASClient.maximumBodyByteCount(for: FileByteRange(count: 1)) >= 1 << 20)
        let whole = CASClient.maximumBodyByteCount(for: nil)
        #expect(CASClient.maximumBodyByteCount(for: FileByteRange(count: .max)) == whole)
        #expect(CASClient.maximumBodyByteCount(for: FileByteRange(count: UInt64(whole))) == whole)
    }

    @Test func `an answer that is too long for the window is refused`() async throws {
        let json = try Vectors.golden("reconstruction/mix_v2_full.json")
        let window = FileByteRange(count: 100)
        let most = CASClient.maximumBodyByteCount(for: window)
        for excess in [0, 1] {
            let padded = json + [UInt8](repeating: UInt8(ascii: " "), count: most - json.count + excess)
            try await withCAS { request in
                ScriptedAnswer(200, [], padded)
            } _: { source, _, _ in
                if excess == 0 {
                    let reconstruction = try await source.reconstruction(of: Self.file, range: window)
                    #expect(reconstruction != nil)
                } else {
                    let error = await #expect(throws: XetError.self) {
                        try await source.reconstruction(of: Self.file, range: window)
                    }
                    #expect(error?.code == .invalidResponse)
                }
            }
        }
    }
}
