import HTTPTypes
import Hummingbird
import ServiceLifecycle
import ServiceLifecycleTestKit
import Synchronization
import Testing
import XetServer
import XetServerTestSupport

@testable import XetProxy

@Suite struct EventsRouteTests {
    private static func route(
        _ book: TransferBook = TransferBook(),
        seatCount: Int = 4,
        pause: @escaping @Sendable () async throws -> Void
    ) -> EventsRoute {
        let source = StatusSource(
            version: "1.2.3",
            hub: "https://hub.example",
            book: book,
            savings: SavingsBook(now: { StatusSamples.now }),
            now: { StatusSamples.now }
        )
        return EventsRoute(source, seatCount: seatCount, pause: pause)
    }

    private static func respond(_ route: EventsRoute, method: HTTPRequest.Method = .get) -> Response {
        route.respond(Request.plain("/events", method: method), departure: { ClientDeparture() })
    }

    @Test func `one report after each pause, and an end when the proxy stops`() async throws {
        let book = TransferBook()
        let transfers = Mutex<[Transfer]>([])
        let collector = BodyCollector()
        await testGracefulShutdown { trigger in
            let route = Self.route(book) {
                let count = transfers.withLock { transfers in
                    transfers.append(book.begin(StatusSamples.subject("\(transfers.count).bin")))
                    return transfers.count
                }
                guard count == 3 else { return }
                trigger.triggerGracefulShutdown()
                await Self.waitForCancellation()
                try Task.checkCancellation()
            }
            try? await Self.respond(route).body.write(collector)
        }
        let events = await collector.text.split(separator: "\n\n")
        #expect(events.first == "retry: 3000")
        let reports = events.dropFirst()
        #expect(reports.count == 3)
        #expect(reports.allSatisfy { $0.hasPrefix(#"data: {"failures":[]"#) && !$0.contains("\n") })
        #expect(reports.map { $0.contains("acme/model/1.bin") } == [false, false, true])
        #expect(await collector.isFinished)
        transfers.withLock { $0.removeAll() }
    }

    @Test func `a client that leaves gets no clean end`() async throws {
        let (pauses, paused) = AsyncStream<Void>.makeStream()
        let route = Self.route {
            paused.yield()
            await Self.waitForCancellation()
            try Task.checkCancellation()
        }
        let body = Self.respond(route).body
        let collector = BodyCollector()
        let result = await withTaskGroup(of: Result<Void, any Error>.self) { group in
            group.addTask {
                do {
                    return .success(try await body.write(collector))
                } catch {
                    return .failure(error)
                }
            }
            for await _ in pauses { break }
            group.cancelAll()
            return await group.next()
        }
        #expect(throws: CancellationError.self) { try result?.get() }
        #expect(await !collector.isFinished)
    }

    @Test func `the number of listeners is bounded`() {
        let route = Self.route(seatCount: 1) {}
        let first = Self.respond(route)
        #expect(first.status == .ok)
        #expect(first.headers[.contentType] == "text/event-stream")
        let second = Self.respond(route)
        #expect(second.status == .serviceUnavailable)
        #expect(second.headers[.retryAfter] == "10")
        #expect(Self.respond(route, method: .head).status == .ok, "a HEAD does not listen")
        withExtendedLifetime(first) {}
        #expect(Self.respond(Self.route(seatCount: 1) {}).status == .ok)
    }

    private static func waitForCancellation() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        for await _ in stream {}
        continuation.finish()
    }
}
