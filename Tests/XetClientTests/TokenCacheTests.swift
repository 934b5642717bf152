import Synchronization
import Testing
import XetAccess
import XetCore
import XetTestSupport

@testable import XetClient

/// A Hub that issues numbered tokens.
private final class Issuer: TokenProvider {
    struct Call: Sendable {
        let scope: TokenScope
        let refused: CASToken?
    }

    private let log = Mutex<[Call]>([])
    private let now: Mutex<UInt64>
    private let lifetime: UInt64
    private let secretByteCount: Int
    private let before: @Sendable (_ number: Int) async throws -> Void

    init(
        now: UInt64 = 1_000_000,
        lifetime: UInt64 = 900,
        secretByteCount: Int = 0,
        before: @escaping @Sendable (_ number: Int) async throws -> Void = { _ in }
    ) {
        self.now = Mutex(now)
        self.lifetime = lifetime
        self.secretByteCount = secretByteCount
        self.before = before
    }

    var calls: [Call] { log.withLock { $0 } }
    var time: UInt64 { now.withLock { $0 } }

    func advance(by seconds: UInt64) { now.withLock { $0 += seconds } }

    func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken {
        let number = log.withLock { log in
            log.append(Call(scope: scope, refused: refused))
            return log.count - 1
        }
        try await before(number)
        let secret = "token-\(number)" + String(repeating: "s", count: secretByteCount)
        return CASToken(endpoint: "https://cas.example", secret: secret, expiration: time + lifetime)
    }
}

@Suite struct TokenCacheTests {
    private let executor = StepExecutor()

    private func scope(_ name: String = "owner/name", revision: String = "main", token: String? = "hf_a") throws
        -> TokenScope
    {
        TokenScope(
            repository: try #require(Repository(kind: .model, name: name)),
            revision: revision,
            token: token.flatMap { HubToken($0) }
        )
    }

    private func cache(_ issuer: Issuer) -> TokenCache { TokenCache(issuer) { issuer.time } }

    private func ask(_ cache: TokenCache, _ scope: TokenScope, refused: CASToken? = nil) -> Started<CASToken> {
        executor.start { try await cache.casToken(for: scope, refused: refused) }
    }

    private func get(_ cache: TokenCache, _ scope: TokenScope, refused: CASToken? = nil) throws -> CASToken {
        let started = ask(cache, scope, refused: refused)
        executor.runUntilIdle()
        return try #require(try started.result?.get())
    }

    @Test func `a token is kept`() throws {
        let issuer = Issuer()
        let cache = cache(issuer)
        let first = try get(cache, scope())
        let second = try get(cache, scope())
        #expect(second == first)
        #expect(issuer.calls.count == 1)
        let asked = try scope()
        #expect(issuer.calls.map(\.scope) == [asked])
    }

    @Test func `callers, repositories, kinds and revisions do not share tokens`() throws {
        let issuer = Issuer()
        let cache = cache(issuer)
        let dataset = TokenScope(
            repository: try #require(Repository(kind: .dataset, name: "owner/name")),
            revision: "main",
            token: HubToken("hf_a")
        )
        let scopes = try [
            scope(), scope(token: "hf_b"), scope(token: nil), scope("owner/other"), scope(revision: "v1"), dataset,
        ]
        let tokens = try scopes.map { try get(cache, $0) }
        #expect(Set(tokens).count == scopes.count)
        #expect(issuer.calls.map(\.scope) == scopes)
        let again = try scopes.map { try get(cache, $0) }
        #expect(again == tokens)
        #expect(issuer.calls.count == scopes.count)
    }

    @Test func `a token is renewed before it ends`() throws {
        let issuer = Issuer(lifetime: 900)
        let cache = cache(issuer)
        let first = try get(cache, scope())
        issuer.advance(by: 900 - TokenCache.margin - 1)
        let second = try get(cache, scope())
        #expect(second == first)
        issuer.advance(by: 1)
        let third = try get(cache, scope())
        #expect(third != first)
        #expect(issuer.calls.count == 2)
    }

    @Test func `a token that has little time from the start is used once`() throws {
        let issuer = Issuer(lifetime: TokenCache.margin)
        let cache = cache(issuer)
        let first = try get(cache, scope())
        let second = try get(cache, scope())
        #expect(second != first)
    }

    @Test func `many at once lead to one request`() throws {
        let gate = Watched(false)
        let issuer = Issuer { _ in try await gate.wait { $0 } }
        let cache = cache(issuer)
        let asked = try (0..<20).map { _ in ask(cache, try scope()) }
        executor.runUntilIdle()
        #expect(asked.allSatisfy { $0.isWaiting })
        #expect(issuer.calls.count == 1)
        gate.change { $0 = true }
        executor.runUntilIdle()
        #expect(Set(asked.compactMap(\.value)).count == 1)
        #expect(asked.allSatisfy { $0.value != nil })
        #expect(issuer.calls.count == 1)
    }

    @Test func `one caller's request does not hold another's up`() throws {
        let gate = Watched(false)
        let issuer = Issuer { number in if number == 0 { try await gate.wait { $0 } } }
        let cache = cache(issuer)
        let slow = ask(cache, try scope())
        executor.runUntilIdle()
        _ = try get(cache, scope(token: "hf_b"))
        #expect(slow.isWaiting)
        gate.change { $0 = true }
        executor.runUntilIdle()
        #expect(slow.value != nil)
    }

    @Test func `a refused token is not given again, and a burst of refusals renews once`() throws {
        let issuer = Issuer()
        let cache = cache(issuer)
        let first = try get(cache, scope())
        let renewals = try (0..<5).map { _ in ask(cache, try scope(), refused: first) }
        executor.runUntilIdle()
        let renewed = Set(renewals.compactMap(\.value))
        #expect(renewed.count == 1)
        #expect(!renewed.contains(first))
        #expect(issuer.calls.count == 2)
        #expect(issuer.calls[1].refused == first)
        // Who was refused the old one later gets the new one at once.
        let late = try get(cache, scope(), refused: first)
        #expect(renewed.contains(late))
        #expect(issuer.calls.count == 2)
    }

    @Test func `a failure is not kept`() throws {
        let issuer = Issuer { number in
            if number == 0 { throw XetError(.unavailable, "later") }
        }
        let cache = cache(issuer)
        let failed = ask(cache, try scope())
        executor.runUntilIdle()
        #expect((failed.error as? XetError)?.code == .unavailable)
        #expect(cache.counts == (0, 0, 0))
        _ = try get(cache, scope())
        #expect(issuer.calls.count == 2)
    }

    @Test func `those who waited for a request share its failure, and nobody who comes later does`() throws {
        let gate = Watched(0)
        let issuer = Issuer { number in
            try await gate.wait { $0 > number }
            if number < 2 { throw XetError(.timedOut, "number \(number)") }
        }
        let cache = cache(issuer)
        for round in 0..<2 {
            let asked = try (0..<20).map { _ in ask(cache, try scope()) }
            executor.runUntilIdle()
            #expect(asked.allSatisfy { $0.isWaiting })
            gate.change { $0 = round + 1 }
            executor.runUntilIdle()
            #expect(asked.allSatisfy { ($0.error as? XetError)?.message == "number \(round)" })
            #expect(issuer.calls.count == round + 1)
            #expect(cache.counts == (0, 0, 0))
        }
        gate.change { $0 = 3 }
        _ = try get(cache, scope())
        #expect(issuer.calls.count == 3)
    }

    @Test func `of failures nothing is kept, however many and of whom`() throws {
        let issuer = Issuer { _ in throw XetError(.forbidden, "no") }
        let cache = cache(issuer)
        let revisions = (0..<100).map { "\($0)" + String(repeating: "r", count: 1000) }
        let asked = try revisions.flatMap { revision in
            try ["hf_a", "hf_b", nil].map { ask(cache, try scope(revision: revision, token: $0)) }
        }
        executor.runUntilIdle()
        #expect(asked.allSatisfy { ($0.error as? XetError)?.code == .forbidden })
        #expect(cache.counts == (0, 0, 0))
    }

    @Test func `those who leave are forgotten`() throws {
        let gate = Watched(false)
        let issuer = Issuer { _ in try await gate.wait { $0 } }
        let cache = cache(issuer)
        let asked = try (0..<3).map { _ in ask(cache, try scope()) }
        executor.runUntilIdle()
        #expect(cache.counts == (0, 1, 0))
        for each in asked { each.cancel() }
        executor.runUntilIdle()
        #expect(cache.counts == (0, 0, 0))
    }

    @Test func `a revision that is longer than any is not asked for`() throws {
        let issuer = Issuer()
        let cache = cache(issuer)
        for (count, isRefused) in [(TokenScope.maximumRevisionByteCount, false), (1025, true), (58_000, true)] {
            let asked = ask(cache, try scope(revision: String(repeating: "r", count: count)))
            executor.runUntilIdle()
            #expect((asked.error as? XetError)?.code == (isRefused ? .invalidRequest : nil))
        }
        #expect(issuer.calls.count == 1)
    }

    @Test(arguments: [(0, 10, 4200), (1000, 10_000, 1000), (0, 60_000, 200)])
    func `the bytes that tokens take are bounded`(
        revisionByteCount: Int,
        secretByteCount: Int,
        count: Int
    ) throws {
        let issuer = Issuer(lifetime: 1_000_000, secretByteCount: secretByteCount)
        let cache = cache(issuer)
        for number in 0..<count {
            issuer.advance(by: 1)
            _ = try get(cache, scope(revision: "\(number)" + String(repeating: "r", count: revisionByteCount)))
            #expect(cache.counts.bytes <= TokenCache.maximumByteCount)
            #expect(cache.counts.entries <= TokenCache.maximumCount)
        }
        #expect(cache.counts.entries * (secretByteCount + revisionByteCount) <= TokenCache.maximumByteCount)
        #expect(cache.counts.entries < count)
        _ = try get(cache, scope(revision: "\(count - 1)" + String(repeating: "r", count: revisionByteCount)))
        #expect(issuer.calls.count == count)
    }

    @Test func `a renewed token takes the place of the one before`() throws {
        let issuer = Issuer()
        let cache = cache(issuer)
        var token: CASToken?
        for _ in 0..<10 { token = try get(cache, scope(), refused: token) }
        #expect(cache.counts.entries == 1)
        let bytes = cache.counts.bytes
        _ = try get(cache, scope(token: "hf_b"))
        #expect(cache.counts.bytes < 3 * bytes)
    }

    @Test func `cancelling the one who asks leaves it to those who wait`() throws {
        let gate = Watched(false)
        let issuer = Issuer { number in if number == 0 { try await gate.wait { $0 } } }
        let cache = cache(issuer)
        let (first, second) = (ask(cache, try scope()), ask(cache, try scope()))
        executor.runUntilIdle()
        first.cancel()
        executor.runUntilIdle()
        #expect(first.error is CancellationError)
        #expect(second.value != nil)
    }

    @Test func `the cache is bounded and drops what was used longest ago`() throws {
        let issuer = Issuer(lifetime: 1_000_000)
        let cache = cache(issuer)
        let known = try get(cache, scope(token: "known"))
        for number in 0..<10_000 {
            issuer.advance(by: 1)
            _ = try get(cache, scope(token: "hf_\(number)"))
            if number.isMultiple(of: 100) {
                let again = try get(cache, scope(token: "known"))
                #expect(again == known)
            }
        }
        #expect(issuer.calls.count == 10_001)
        // Recent ones are there, old ones are not.
        _ = try get(cache, scope(token: "hf_9999"))
        #expect(issuer.calls.count == 10_001)
        _ = try get(cache, scope(token: "hf_0"))
        #expect(issuer.calls.count == 10_002)
    }

    @Test func `tokens do not print`() throws {
        let token = CASToken(endpoint: "https://cas.example", secret: "hidden", expiration: 1)
        #expect(!"\(token)".contains("hidden"))
        #expect(!String(reflecting: token).contains("hidden"))
        var dumped = ""
        dump(try scope(token: "hidden"), to: &dumped)
        dump(token, to: &dumped)
        #expect(!dumped.contains("hidden"))
    }
}
