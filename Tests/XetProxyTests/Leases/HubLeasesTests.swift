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

@Suite struct HubLeasesTests {
    private struct Rig {
        let leases: HubLeases
        let hub: HTTPAddress
        let repository: Repository
        private let seconds: Watched<Int>

        init(lease: Int = 60, stale: Int = 3600) throws {
            let seconds = Watched(0)
            self.seconds = seconds
            hub = try #require(HTTPAddress("https://hub.example/base"))
            repository = try #require(Repository(kind: .model, name: "acme/model"))
            let begin = ContinuousClock.now
            leases = HubLeases(
                HubLeases.Configuration(lease: .seconds(lease), stale: .seconds(stale)),
                hub: hub,
                metrics: MetricsRegistry(),
                now: { begin + .seconds(seconds.value) },
                time: { UInt64(1000 + seconds.value) }
            )
        }

        func pass(_ count: Int) { seconds.change { $0 += count } }

        /// Asks, and returns the status with whether the Hub was asked.
        func ask(
            at target: String = "/api/models/acme/model",
            method: HTTPRequest.Method = .get,
            token: String? = "hf_a",
            headers: HTTPFields = [:],
            _ status: Int = 200,
            _ answered: HTTPFields = [:],
            expiration: UInt64? = nil,
            error: XetError? = nil
        ) async throws -> (status: Int, isAsked: Bool, age: String?) {
            let question = HubQuestion(
                method,
                target,
                repository: repository,
                authorization: token.map { "Bearer \($0)" },
                headers: headers
            )
            var isAsked = false
            let answer = try await leases.answer(to: question, from: nil) { _ in
                isAsked = true
                if let error { throw error }
                let head = HTTPResponse(status: .init(code: status), headerFields: answered)
                return HubAnswer(head, from: hub.appending(target), expiration: expiration)
            }
            return (answer?.head.status.code ?? 0, isAsked, answer?.head.headerFields[.age])
        }
    }

    @Test(arguments: [200, 302, 307, 304])
    func `what was permitted holds for the lease`(status: Int) async throws {
        let rig = try Rig()
        #expect(try await rig.ask(status).isAsked)
        rig.pass(59)
        let again = try await rig.ask()
        #expect(again == (status, false, "59"))
        rig.pass(1)
        #expect(try await rig.ask().isAsked)
    }

    @Test func `without a lease each question is asked`() async throws {
        let rig = try Rig(lease: 0)
        for _ in 0..<3 { #expect(try await rig.ask().isAsked) }
    }

    @Test func `another caller, target, method or header is another question`() async throws {
        let rig = try Rig()
        #expect(try await rig.ask().isAsked)
        #expect(try await rig.ask(token: "hf_b").isAsked)
        #expect(try await rig.ask(token: nil).isAsked)
        #expect(try await rig.ask(at: "/api/models/acme/model?full=1").isAsked)
        #expect(try await rig.ask(method: .head).isAsked)
        #expect(try await rig.ask(headers: [.range: "bytes=0-1"]).isAsked)
        #expect(try await rig.ask(headers: [.ifNoneMatch: "\"x\""]).isAsked)
        #expect(try await rig.ask(headers: [.userAgent: "any"]).isAsked == false)
    }

    @Test(arguments: [401, 403, 404, 410])
    func `what is refused is asked each time, and ends what was permitted`(status: Int) async throws {
        let rig = try Rig()
        #expect(try await rig.ask(at: "/a").isAsked)
        #expect(try await rig.ask(at: "/a", token: "hf_b").isAsked)
        for _ in 0..<2 { #expect(try await rig.ask(at: "/b", status) == (status, true, nil)) }
        #expect(try await rig.ask(at: "/a").isAsked)
        #expect(try await rig.ask(at: "/a", token: "hf_b").isAsked == false)
    }

    @Test(arguments: [HubErrorCode.entryNotFound, HubErrorCode.revisionNotFound])
    func `that a file is missing holds too`(code: String) async throws {
        let rig = try Rig()
        #expect(try await rig.ask(404, [.errorCode: code]).isAsked)
        #expect(try await rig.ask() == (404, false, "0"))
    }

    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func `a Hub that fails is stood in for, and asked again`(status: Int) async throws {
        let rig = try Rig(lease: 0)
        #expect(try await rig.ask(status).status == status)
        rig.pass(60)
        _ = try await rig.ask()
        rig.pass(3599)
        #expect(try await rig.ask(status) == (200, true, "3599"))
        rig.pass(1)
        #expect(try await rig.ask(status).status == status)
    }

    @Test func `a Hub that does not answer is stood in for, and left alone for a while`() async throws {
        let rig = try Rig(lease: 0)
        _ = try await rig.ask()
        let silence = XetError(.timedOut, "nothing")
        #expect(try await rig.ask(error: silence) == (200, true, "0"))
        #expect(try await rig.ask() == (200, false, "0"))
        // What nobody knows has to be asked.
        #expect(try await rig.ask(at: "/api/other").isAsked)
        rig.pass(10)
        #expect(try await rig.ask() == (200, true, nil))
        await #expect(throws: XetError.self) { try await rig.ask(at: "/api/unknown", error: silence) }
    }

    @Test func `whoever has had enough says for how long`() async throws {
        let rig = try Rig(lease: 0)
        _ = try await rig.ask()
        _ = try await rig.ask(token: "hf_b")
        #expect(try await rig.ask(429, [.retryAfter: "100"]).status == 200)
        rig.pass(99)
        #expect(try await rig.ask().isAsked == false)
        #expect(try await rig.ask(token: "hf_b").isAsked)
        rig.pass(1)
        #expect(try await rig.ask().isAsked)
    }

    @Test func `leases stretch when little is left`() async throws {
        let rig = try Rig()
        _ = try await rig.ask(at: "/acme/model/resolve/main/a")
        let short: HTTPFields = [
            .rateLimit: #""api";r=20;t=300"#, .rateLimitPolicy: #""fixed window";"api";q=500;w=300"#,
        ]
        _ = try await rig.ask(200, short)
        rig.pass(299)
        #expect(try await rig.ask() == (200, false, "299"))
        // Files have another budget.
        #expect(try await rig.ask(at: "/acme/model/resolve/main/a").isAsked)
        rig.pass(1)
        #expect(try await rig.ask().isAsked)
    }

    @Test func `without leases nothing stretches`() async throws {
        let rig = try Rig(lease: 0)
        _ = try await rig.ask(200, [.rateLimit: #""api";r=0;t=300"#])
        #expect(try await rig.ask().isAsked)
    }

    @Test func `a write ends what is known of its repository`() async throws {
        let rig = try Rig()
        let other = try #require(Repository(kind: .model, name: "acme/other"))
        let renamed = try #require(Repository(kind: .dataset, name: "Acme/Model"))
        _ = try await rig.ask()
        rig.leases.end(other)
        #expect(try await rig.ask().isAsked == false)
        for ended in [rig.repository, renamed, nil] {
            rig.leases.end(ended)
            #expect(try await rig.ask().isAsked)
            #expect(try await rig.ask().isAsked == false)
        }
        // What the Hub calls otherwise may be any.
        _ = try await rig.ask(at: "/old", 307, [.location: "https://hub.example/base/new"])
        rig.leases.end(other)
        #expect(try await rig.ask(at: "/old", 307).isAsked)
    }

    @Test func `what ends by itself is not given out then`() async throws {
        let rig = try Rig(lease: 600)
        _ = try await rig.ask(expiration: 1100)
        rig.pass(99)
        #expect(try await rig.ask().isAsked == false)
        rig.pass(1)
        #expect(try await rig.ask().isAsked)
    }

    @Test func `questions at the same time are one, failures too`() async throws {
        let rig = try Rig(lease: 0)
        let executor = StepExecutor()
        let isOpen = Watched(false)
        let count = Mutex(0)
        let started = (0..<100).map { number in
            executor.start {
                let question = HubQuestion(.get, "/a", repository: rig.repository, authorization: nil, headers: [:])
                return try await rig.leases.answer(to: question, from: nil) { _ in
                    count.withLock { $0 += 1 }
                    try await isOpen.wait { $0 }
                    throw XetError(.connectionFailed, "broken")
                }
            }
        }
        executor.runUntilIdle()
        // The next one asks for one that leaves.
        started[0].cancel()
        executor.runUntilIdle()
        isOpen.change { $0 = true }
        executor.runUntilIdle()
        #expect(count.withLock { $0 } == 2)
        #expect(started[0].error is CancellationError)
        #expect(started.dropFirst().allSatisfy { ($0.error as? XetError)?.code == .connectionFailed })
    }

    @Test func `what is remembered is bounded`() async throws {
        let rig = try Rig()
        let body = ByteBuffer(repeating: 1, count: 1 << 20)
        for number in 0..<100 {
            let target = "/\(number)"
            let question = HubQuestion(.get, target, repository: rig.repository, authorization: nil, headers: [:])
            _ = try await rig.leases.answer(to: question, from: nil) { _ in
                HubAnswer(HTTPResponse(status: .ok), from: rig.hub.appending(target), body: body)
            }
            #expect(rig.leases.counts.bytes <= HubLeases.Configuration().byteCount)
        }
        #expect(rig.leases.counts.answers > 10)
    }
}
