import CoreMetrics
import HTTPTypes
package import Hummingbird
import Instrumentation
package import Logging
import NIOCore
import Tracing

/// Follows each request from its head to the end of its answer: id, trace, log line, metrics, and what the watcher adds.
package struct RequestObserver<Watcher: RequestWatcher>: Sendable {
    let watcher: Watcher
    private let metrics: RequestMetrics
    private let logger: Logger

    package init(_ watcher: Watcher, metrics: RequestMetrics, logger: Logger) {
        self.watcher = watcher
        self.metrics = metrics
        self.logger = logger
    }

    /// Answers a request with what `answer` returns, whose body is followed to its end.
    package func observe(
        _ request: Request,
        _ context: Watcher.Context,
        _ answer: () async throws -> Response
    ) async throws -> Response {
        let identity = RequestIdentity(request.headers)
        var instrumentation = InstrumentationContext.current ?? .topLevel
        InstrumentationSystem.instrument.extract(
            request.headers,
            into: &instrumentation,
            using: HTTPFieldsExtractor()
        )
        watcher.prepare(&instrumentation, for: identity)
        let observed = ObservedRequest(
            request,
            path: watcher.loggedPath(request),
            identity,
            client: context.channel.remoteAddress
        )
        metrics.noteBegin()
        let observation = AnswerObservation(onBytes: { [metrics] in metrics.sentBytes.increment(by: $0) }) { ending in
            note(observed, context, ending)
        }
        do {
            var response = try await InstrumentationContext.withValue(instrumentation) { try await answer() }
            Self.mark(&response, with: identity.id, from: request, context)
            follow(&response, to: observed.head, context, observation, instrumentation)
            return response
        } catch {
            if !Self.isDeparture(error) { observation.note(status: 500) }
            observation.end(Self.isDeparture(error) ? .cancelled : .aborted, error: error)
            throw error
        }
    }

    /// Says which request it is: by the client's own id, or by what the upstream calls it and its support asks for, or by
    /// ours.
    private static func mark(
        _ response: inout Response,
        with id: RequestID,
        from request: Request,
        _ context: Watcher.Context
    ) {
        let upstreamID = response.headers[.requestID].flatMap { RequestID($0) }
        context.note(upstreamID: upstreamID)
        let isTheirs = request.headers[.requestID] == id.text
        response.headers[.requestID] = isTheirs ? id.text : (upstreamID ?? id).text
    }

    /// Has the body tell how far it has come.
    private func follow(
        _ response: inout Response,
        to request: HTTPRequest,
        _ context: Watcher.Context,
        _ observation: AnswerObservation,
        _ instrumentation: InstrumentationContext
    ) {
        let status = response.status.code
        let body = response.body
        if let byteCount = body.contentLength {
            // It is there already, and leaves with the head.
            observation.note(status: status)
            if byteCount > 0 {
                observation.noteFirstByte()
                observation.note(sent: byteCount)
            }
            observation.end(.finished)
            return
        }
        let byteCount = response.headers[.contentLength].flatMap { UInt64($0) }
        let follower = watcher.begin(response, to: request, context, byteCount: byteCount)
        observation.note(status: status, byteCount: byteCount, follower)
        response.body = ResponseBody { writer in
            do {
                try await InstrumentationContext.withValue(instrumentation) {
                    try await withSpan("deliver") { _ in
                        try await body.write(ObservedWriter(writer, observation))
                    }
                }
                observation.end(.finished)
            } catch {
                observation.end(Self.isDeparture(error) ? .cancelled : .aborted, error: error)
                throw error
            }
        }
    }

    /// Whether an error means that the client has gone: the task is cancelled then, or its connection closed.
    private static func isDeparture(_ error: any Error) -> Bool {
        Task.isCancelled || error is CancellationError || error is ChannelError || error is IOError
            || error is NIOAsyncWriterError
    }

    // MARK: At the end

    private func note(
        _ observed: ObservedRequest,
        _ context: Watcher.Context,
        _ ending: AnswerObservation.Ending
    ) {
        let facts = context.facts
        metrics.noteEnd(
            facts.route,
            status: ending.status,
            duration: ending.duration,
            firstByte: ending.firstByte
        )
        watcher.end(ending, of: observed.head, context)
        let error = facts.failure ?? ending.error
        let cause = ending.outcome == .cancelled ? "the client left" : error.map { "\($0)" }
        logger.log(
            level: Self.level(facts.route, ending),
            "request",
            metadata: observed.metadata(facts, ending, cause: cause)
        )
    }

    private static func level(_ route: RouteLabel, _ ending: AnswerObservation.Ending) -> Logger.Level {
        if ending.outcome == .aborted { return .error }
        if route.isStatus { return .debug }
        return ending.status >= 500 ? .warning : .notice
    }
}
