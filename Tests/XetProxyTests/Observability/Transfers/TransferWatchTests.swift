import HTTPTypes
import Hummingbird
import InMemoryTracing
import Instrumentation
import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing
import Tracing
import XetAccess
import XetClient
import XetCore
import XetServer
import XetServerTestSupport
import XetWire

@testable import XetProxy

@Suite struct TransferWatchTests {
    private final class Lines: Sendable {
        private let stored = Mutex<[String]>([])
        func append(_ line: String) { stored.withLock { $0.append(line) } }
        var all: [String] { stored.withLock { $0 } }
    }

    private let lines = Lines()
    private let registry = MetricsRegistry()
    private let book = TransferBook()
    private let savings = SavingsBook(now: { StatusSamples.now })

    private var logger: Logger {
        Logger(label: "test") { [lines] _ in
            StructuredLogHandler(.logfmt, level: { .notice }, write: { lines.append($0) })
        }
    }

    /// Has `answer` answer a request for a file, and gives the answer and its context.
    private func observe(
        headers: HTTPFields = [:],
        _ answer: @escaping @Sendable (ProxyContext) throws -> Response
    ) async throws -> Response {
        let observer = RequestObserver(
            TransferWatch(book, savings, ReloadableSettings(), metrics: registry),
            metrics: RequestMetrics(registry),
            logger: logger
        )
        let context = ProxyContext(source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: logger))
        context.record.note(.download)
        context.record.note(Repository(kind: .model, name: "acme/model"), path: "a.bin")
        let request = Request.plain("/download/acme/model/a.bin", headers: headers)
        return try await observer.observe(request, context) { try answer(context) }
    }

    private func body(_ error: (any Error & Sendable)? = nil) -> Response {
        Response(
            status: .ok,
            headers: [.contentLength: "10"],
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: "hello"))
                if let error { throw error }
                try await writer.write(ByteBuffer(string: "world"))
                try await writer.finish(nil)
            }
        )
    }

    private func has(_ line: String) -> Bool { registry.text.split(separator: "\n").contains(Substring(line)) }

    @Test func `an answer is followed to its end`() async throws {
        let response = try await observe(headers: [.requestID: "seven"]) { _ in body() }
        #expect(response.headers[.requestID] == "seven")
        #expect(lines.all.isEmpty)
        #expect(book.snapshot.live.map(\.subject.path) == ["a.bin"])
        #expect(book.snapshot.live.map(\.subject.byteCount) == [10])
        #expect(has("xet_in_flight_requests 1"))
        try await response.body.write(BodyCollector())
        #expect(book.snapshot.totals == .init(startedCount: 1, finishedCount: 1, sentByteCount: 10))
        #expect(has(#"xet_requests_total{route="download",status="200"} 1"#))
        #expect(has(#"xet_downloads_total{outcome="finished"} 1"#))
        #expect(has("xet_sent_bytes_total 10"))
        #expect(has("xet_in_flight_requests 0"))
        let line = try #require(lines.all.first)
        #expect(lines.all.count == 1)
        #expect(line.contains("level=notice msg=request id=seven method=GET route=download repo="))
        #expect(line.contains(" file=a.bin status=200 bytes=10 "))
        #expect(line.contains(" outcome=finished"))
    }

    @Test(arguments: [nil, "Bearer hf_alice"])
    func `what the cache saved is told by repository`(authorization: String?) async throws {
        var headers: HTTPFields = [:]
        headers[.authorization] = authorization
        let response = try await observe(headers: headers) { context in
            context.record.note(.hit, savedByteCount: 700)
            return body()
        }
        try await response.body.write(BodyCollector())
        let today = savings.top(5)
        #expect(today.byteCount == 700)
        #expect(today.savings.map(\.repository.name) == ["acme/model"])
        #expect(today.savings.map(\.isPublic) == [authorization == nil])
        #expect(today.savings.first?.callers.count == (authorization == nil ? 0 : 1))
    }

    @Test func `an answer that breaks off is in the list of failures`() async throws {
        let response = try await observe { _ in body(XetError(.corrupt, "not those of acme/model")) }
        await #expect(throws: XetError.self) { try await response.body.write(BodyCollector()) }
        #expect(has(#"xet_downloads_total{outcome="aborted"} 1"#))
        let failure = try #require(book.snapshot.failures.first)
        #expect(failure.summary == "corrupt")
        #expect(failure.cause.contains("acme/model"))
        #expect(failure.status == 200)
        #expect(lines.all.first?.contains("level=error") == true)
    }

    @Test func `a client that leaves is no failure`() async throws {
        let response = try await observe { _ in body(CancellationError()) }
        await #expect(throws: CancellationError.self) { try await response.body.write(BodyCollector()) }
        #expect(has(#"xet_downloads_total{outcome="cancelled"} 1"#))
        #expect(book.snapshot.failures.isEmpty)
        #expect(lines.all.first?.contains(#"outcome=cancelled cause="the client left""#) == true)
    }

    @Test func `an error status has its cause`() async throws {
        _ = try await observe { context in
            let error = XetError(.unavailable, "the Hub is busy")
            context.record.note(error)
            return .failure(error)
        }
        #expect(has(#"xet_requests_total{route="download",status="502"} 1"#))
        #expect(book.snapshot.totals.startedCount == 0)
        #expect(book.snapshot.failures.map(\.summary) == ["unavailable"])
        #expect(lines.all.first?.contains("level=warning") == true)
        #expect(lines.all.first?.contains("the Hub is busy") == true)
    }

    @Test func `who is not told apart by a token sees a name only if anyone may`() async throws {
        for (headers, visibility) in [([:], .anyone), ([.authorization: "Bearer hf_a"], .unknown)]
            as [(HTTPFields, TransferSubject.Visibility)]
        {
            let response = try await observe(headers: headers) { _ in body() }
            #expect(book.snapshot.live.map(\.subject.visibility) == [visibility])
            try await response.body.write(BodyCollector())
        }
        #expect(!lines.all.contains { $0.contains("hf_a") })
    }

    @Test func `the body is written in the context of its request, and is a span`() async throws {
        let tracer = InMemoryTracer()
        let seen = Mutex<String?>(nil)
        try await withTracer(tracer) {
            let response = try await observe(headers: [.requestID: "seven"]) { _ in
                Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        seen.withLock { $0 = InstrumentationContext.current?.requestTrace?.id }
                        try await writer.finish(nil)
                    }
                )
            }
            try await response.body.write(BodyCollector())
        }
        #expect(seen.withLock { $0 } == "seven")
        #expect(tracer.finishedSpans.map(\.operationName) == ["deliver"])
    }
}
