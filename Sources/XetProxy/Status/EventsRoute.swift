import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import XetServer

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `GET /events`: a ``StatusReport`` every second, as server-sent events, until the client leaves or the proxy stops.
struct EventsRoute: Sendable {
    let source: StatusSource
    private let seats: EventSeats
    private let pause: @Sendable () async throws -> Void

    /// `seatCount` clients may listen at the same time; `pause` waits between two events.
    init(
        _ source: StatusSource,
        seatCount: Int = 32,
        pause: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(1)) }
    ) {
        self.source = source
        seats = EventSeats(count: seatCount)
        self.pause = pause
    }

    func respond(_ request: Request, departure: @escaping @Sendable () async throws -> ClientDeparture) -> Response {
        var headers = HTTPFields.page(contentType: "text/event-stream", cacheControl: "no-store")
        headers[.accelBuffering] = "no"
        guard request.method == .get else { return .bare(.ok, headers) }
        guard let seat = seats.take() else {
            return .error(.serviceUnavailable, "too many listen already", headers: [.retryAfter: "10"])
        }
        let head = request.head
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { [seat] writer in
                // Named so that the closure keeps it.
                _ = seat
                let sink = ResponseSink(writer)
                try await departure().cancelling {
                    var sink = sink
                    try await write(head, &sink)
                    try await sink.finish()
                }
            }
        )
    }

    private func write(_ head: HTTPRequest, _ sink: inout ResponseSink) async throws {
        // A browser that lost the connection comes back after this many milliseconds.
        try await sink.deliver(ByteBuffer(string: "retry: 3000\n\n"))
        while true {
            let report = try JSONEncoder.report.encode(await source.report(for: head))
            var event = ByteBuffer(string: "data: ")
            event.writeBytes(report)
            event.writeString("\n\n")
            try await sink.deliver(event)
            do {
                let pause = pause
                try await cancelWhenGracefulShutdown { try await pause() }
            } catch is CancellationError where !Task.isCancelled {
                return
            }
            // A pause that ended of itself at the very moment is no reason to go on.
            guard !Task.isShuttingDownGracefully else { return }
        }
    }
}

extension JSONEncoder {
    /// One line, the same for the same report.
    static var report: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
