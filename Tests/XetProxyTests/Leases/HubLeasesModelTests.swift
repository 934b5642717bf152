import HTTPTypes
import NIOCore
import Synchronization
import Testing
import XetAccess
import XetCore
import XetServer
import XetTestSupport
import XetWire

@testable import XetProxy

/// Callers who are granted repositories and lose them, ask, write, and leave, before a Hub that answers, refuses and fails, in an
/// order that follows from a seed: nobody gets what it may not have.
@Suite struct HubLeasesModelTests {
    static let hub = HTTPAddress("https://hub.example")
    static let lease = 60
    static let stale = 600

    /// Who may have what, as the Hub sees it, and when that changed; times are seconds.
    private final class Model: Sendable {
        struct Key: Hashable {
            let caller: Int
            let repository: Int
        }

        private struct State {
            var now = 0
            var isUp = true
            /// Until when somebody could have something; for ever if `nil`.
            var grants: [Key: Int?] = [:]
            var denials: [Key: Int] = [:]
            var versions: [Int: Int] = [:]
            var requestCount = 0
        }

        private let state = Mutex(State())
        /// Where the answers of the Hub wait.
        let gate = Watched<Int>(0)

        var now: Int { state.withLock { $0.now } }
        var requestCount: Int { state.withLock { $0.requestCount } }
        var isUp: Bool { state.withLock { $0.isUp } }
        func advance(by seconds: Int) { state.withLock { $0.now += seconds } }
        func toggle() { state.withLock { $0.isUp.toggle() } }
        func write(_ repository: Int) { state.withLock { $0.versions[repository, default: 0] += 1 } }
        func version(_ repository: Int) -> Int { state.withLock { $0.versions[repository] ?? 0 } }

        func change(_ key: Key) {
            state.withLock { state in
                switch state.grants[key] {
                case .some(nil): state.grants[key] = .some(state.now)
                case .some(.some), nil: state.grants[key] = .some(nil)
                }
            }
        }

        /// Whether somebody had the right at `moment` or later.
        func hadRight(_ key: Key, since moment: Int) -> Bool {
            state.withLock { state in
                switch state.grants[key] {
                case nil: false
                case .some(nil): true
                case .some(.some(let end)): end >= moment
                }
            }
        }

        /// Whether the Hub refused somebody who has not been granted it since.
        func isRefused(_ key: Key, before moment: Int) -> Bool {
            state.withLock { state in
                guard let denied = state.denials[key], denied < moment else { return false }
                guard case .some(.some(let end)) = state.grants[key] else { return state.grants[key] == nil }
                return end <= denied
            }
        }

        /// What the Hub says, once the test lets it.
        func answer(_ key: Key, path: String) async throws -> HubAnswer {
            let number = state.withLock { state in
                state.requestCount += 1
                return state.requestCount
            }
            try await gate.wait { $0 >= number }
            let address = try #require(hub?.appending(path))
            return try state.withLock { state in
                guard state.isUp else {
                    if number % 2 == 0 { throw XetError(.timedOut, "silence") }
                    return HubAnswer(
                        HTTPResponse(status: number % 3 == 0 ? .tooManyRequests : .badGateway),
                        from: address
                    )
                }
                guard case .some(nil) = state.grants[key] else {
                    state.denials[key] = state.now
                    let code = [401, 403, 404][number % 3]
                    return HubAnswer(HTTPResponse(status: .init(code: code)), from: address)
                }
                let text = "\(key.caller) \(key.repository) \(path) \(state.versions[key.repository] ?? 0)"
                return HubAnswer(HTTPResponse(status: .ok), from: address, body: ByteBuffer(string: text))
            }
        }
    }

    private struct Asked {
        let key: Model.Key
        let path: String
        let start: Int
        let version: Int
        let started: Started<HubAnswer?>
        var isChecked = false
    }

    private final class Crowd {
        let model = Model()
        private let leases: HubLeases
        private let executor: StepExecutor
        private var random: SplitMix64
        private let repositories: [Repository]
        private var asked: [Asked] = []
        private var hasFailed = false
        private(set) var permittedCount = 0

        init(seed: UInt64) throws {
            random = SplitMix64(seed: seed)
            executor = StepExecutor(seed: seed)
            repositories = try (0..<3).map { try #require(Repository(kind: .model, name: "acme/model-\($0)")) }
            model.change(Model.Key(caller: 1, repository: 0))
            let begin = ContinuousClock.now
            leases = HubLeases(
                HubLeases.Configuration(
                    lease: .seconds(HubLeasesModelTests.lease),
                    stale: .seconds(HubLeasesModelTests.stale)
                ),
                hub: try #require(HubLeasesModelTests.hub),
                metrics: MetricsRegistry(),
                now: { [model] in begin + .seconds(model.now) },
                time: { 0 }
            )
        }

        func run(_ stepCount: Int, failing: Bool) {
            for _ in 0..<stepCount { step(failing) }
            for _ in 0..<(2 * asked.count) {
                model.gate.change { $0 += 1000 }
                executor.runUntilIdle()
            }
            check()
            #expect(!asked.contains { !$0.isChecked })
        }

        private func step(_ failing: Bool) {
            let repository = Int.random(in: repositories.indices, using: &random)
            let key = Model.Key(caller: Int.random(in: 0..<3, using: &random), repository: repository)
            switch Int.random(in: 0..<20, using: &random) {
            case 0...7: ask(key)
            case 8...10: model.gate.change { $0 += 1 }
            case 11...13: model.advance(by: Int.random(in: 0...40, using: &random))
            case 14...15: model.change(key)
            case 16:
                // A write that goes through the proxy.
                leases.end(repositories[repository])
                model.write(repository)
                leases.end(repositories[repository])
            case 17 where failing:
                model.toggle()
                hasFailed = true
            case 18: asked.randomElement(using: &random)?.started.cancel()
            default: executor.run(Int.random(in: 1...10, using: &random))
            }
            check()
        }

        private func ask(_ key: Model.Key) {
            let path = "/\(Int.random(in: 0..<2, using: &random))"
            let question = HubQuestion(
                .get,
                path,
                repository: repositories[key.repository],
                authorization: key.caller == 0 ? nil : "Bearer hf_\(key.caller)",
                headers: [:]
            )
            let started = executor.start { [leases, model] in
                try await leases.answer(to: question, from: nil) { _ in try await model.answer(key, path: path) }
            }
            let version = model.version(key.repository)
            asked.append(Asked(key: key, path: path, start: model.now, version: version, started: started))
        }

        private func check() {
            for index in asked.indices where !asked[index].isChecked && !asked[index].started.isWaiting {
                asked[index].isChecked = true
                let each = asked[index]
                guard case .success(let answer?) = each.started.result, answer.head.status == .ok else { continue }
                permittedCount += 1
                let words = String(buffer: answer.body).split(separator: " ")
                #expect(words.dropLast() == ["\(each.key.caller)", "\(each.key.repository)", each.path[...]])
                let age = hasFailed ? HubLeasesModelTests.stale : HubLeasesModelTests.lease
                #expect(model.hadRight(each.key, since: each.start - age), "what was taken away long ago")
                #expect(!model.isRefused(each.key, before: each.start), "what the Hub has refused")
                #expect(Int(words.last ?? "").map { $0 >= each.version } ?? false, "what was changed before")
            }
        }
    }

    @Test(arguments: 0..<250 as Range<UInt64>)
    func `nobody gets what it may not have`(seed: UInt64) throws {
        let crowd = try Crowd(seed: seed)
        crowd.run(400, failing: seed % 2 == 1)
    }

    @Test func `whoever may have something gets it`() throws {
        var permittedCount = 0
        for seed in 0..<20 as Range<UInt64> {
            let crowd = try Crowd(seed: seed)
            crowd.run(400, failing: false)
            permittedCount += crowd.permittedCount
        }
        #expect(permittedCount > 500)
    }
}
