import Synchronization
import Testing
import XetAccess
import XetCore
import XetTestSupport

@testable import XetClient

/// Callers that ask for tokens, are refused them, and leave, before a Hub that answers, fails and lets them wait, in an order that
/// follows from a seed.
@Suite struct TokenCacheInterleavingTests {
    /// A Hub whose answers the test gives.
    private final class Hub: TokenProvider {
        struct Call: Sendable {
            let scope: TokenScope
            let answer = Watched<Result<CASToken, XetError>?>(nil)
            var hasEnded = false
        }

        private let log = Mutex<[Call]>([])
        private let now = Mutex<UInt64>(1_000_000)

        var calls: [Call] { log.withLock { $0 } }
        var time: UInt64 { now.withLock { $0 } }
        func advance(by seconds: UInt64) { now.withLock { $0 += seconds } }

        func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken {
            let call = Call(scope: scope)
            let number = log.withLock { log in
                log.append(call)
                return log.count - 1
            }
            defer { log.withLock { $0[number].hasEnded = true } }
            try await call.answer.wait { $0 != nil }
            guard let answer = call.answer.value else { throw XetError(.unavailable, "no answer") }
            return try answer.get()
        }
    }

    private struct Asked {
        let key: Int
        let refused: CASToken?
        let started: Started<CASToken>
        var isCancelled = false
    }

    private final class Crowd {
        private let hub = Hub()
        private let cache: TokenCache
        private let executor: StepExecutor
        private var random: SplitMix64
        private let scopes: [TokenScope]
        private var asked: [Asked] = []

        init(seed: UInt64) throws {
            random = SplitMix64(seed: seed)
            executor = StepExecutor(seed: seed)
            cache = TokenCache(hub) { [hub] in hub.time }
            let repository = try #require(Repository(kind: .model, name: "owner/name"))
            scopes = ["hf_a", "hf_b", nil].flatMap { token in
                ["main", "v1"].map { revision in
                    TokenScope(repository: repository, revision: revision, token: token.flatMap { HubToken($0) })
                }
            }
        }

        /// Who got what, in the order of asking.
        var trace: [String] {
            asked.map { each in
                switch each.started.result {
                case .success(let token): "\(each.key): \(token.secret)"
                case .failure(let error): "\(each.key): \(error is CancellationError ? "cancelled" : "failed")"
                case nil: "\(each.key): waits"
                }
            }
        }

        private var open: [Int] { hub.calls.indices.filter { !hub.calls[$0].hasEnded } }

        func run(_ stepCount: Int) {
            for _ in 0..<stepCount {
                step()
                for scope in scopes {
                    #expect(open.count { hub.calls[$0].scope == scope } <= 1, "two requests for one token")
                }
            }
            // A Hub that answers everything, for as long as somebody asks.
            for _ in 0..<(2 * asked.count + 1) {
                executor.runUntilIdle()
                for number in open { answer(number) }
            }
            executor.runUntilIdle()
        }

        private func step() {
            switch Int.random(in: 0..<12, using: &random) {
            case 0...3: ask()
            case 4...5: open.randomElement(using: &random).map { answer($0) }
            case 6:
                open.randomElement(using: &random).map { number in
                    hub.calls[number].answer.change { $0 = .failure(XetError(.unavailable, "later")) }
                }
            case 7:
                guard let number = asked.indices.randomElement(using: &random) else { return }
                if asked[number].started.isWaiting { asked[number].isCancelled = true }
                asked[number].started.cancel()
            case 8: hub.advance(by: UInt64.random(in: 0...40, using: &random))
            case 9...10: executor.run(Int.random(in: 1...8, using: &random))
            default:
                executor.runUntilIdle()
                checkWaiting()
            }
        }

        private func ask() {
            let key = Int.random(in: scopes.indices, using: &random)
            let known = asked.filter { $0.key == key }.compactMap(\.started.value)
            let refused = Bool.random(using: &random) ? nil : known.last
            let started = executor.start { [cache, scope = scopes[key]] in
                try await cache.casToken(for: scope, refused: refused)
            }
            asked.append(Asked(key: key, refused: refused, started: started))
        }

        private func answer(_ number: Int) {
            let scope = hub.calls[number].scope
            let key = scopes.firstIndex(of: scope) ?? -1
            let token = CASToken(
                endpoint: "https://cas.example",
                secret: "\(number) for \(key)",
                expiration: hub.time + UInt64.random(in: 20...120, using: &random)
            )
            hub.calls[number].answer.change { $0 = $0 ?? .success(token) }
        }

        /// When nothing moves, whoever waits has a request that the Hub has not answered.
        private func checkWaiting() {
            for each in asked where each.started.isWaiting {
                #expect(open.contains { hub.calls[$0].scope == scopes[each.key] }, "\(each.key) waits for nothing")
            }
        }

        func checkEnd() {
            #expect(!asked.isEmpty)
            for each in asked {
                #expect(!each.started.isWaiting, "\(each.key) waits for ever")
                if let token = each.started.value {
                    #expect(token.secret.hasSuffix(" for \(each.key)"), "another caller's token")
                    #expect(token != each.refused)
                } else if !each.isCancelled {
                    #expect((each.started.error as? XetError)?.code == .unavailable)
                }
            }
            #expect(cache.counts.flights == 0)
            #expect(cache.counts.entries <= scopes.count)
            #expect(cache.counts.entries > 0)
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `one request for a token at a time, and nobody waits for none`(seed: UInt64) throws {
        let crowd = try Crowd(seed: seed)
        crowd.run(150)
        crowd.checkEnd()
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func `a seed gives one order`(seed: UInt64) throws {
        let crowds = try (0..<2).map { _ in try Crowd(seed: seed) }
        for crowd in crowds { crowd.run(150) }
        #expect(crowds[0].trace == crowds[1].trace)
        #expect(Set(crowds[0].trace).count > 10)
    }
}
