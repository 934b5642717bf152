import CoreMetrics
import HTTPTypes
import Hummingbird
import Instrumentation
import Logging
import NIOCore
import Tracing
import XetAccess
import XetClient
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Follows each request from its head to the end of its answer: id, trace, log line, metrics, list of transfers.
struct RequestObserver: Sendable {
    let metrics: RequestMetrics
    let book: TransferBook
    let logger: Logger

    /// Answers a request with what `answer` returns, whose body is followed to its end.
    func observe(
        _ request: Request,
        _ context: ProxyContext,
        _ answer: () async throws -> Response
    ) async throws -> Response {
        let trace = Self.trace(of: request.headers)
        var instrumentation = InstrumentationContext.current ?? .topLevel
        InstrumentationSystem.instrument.extract(
            request.headers,
            into: &instrumentation,
            using: HTTPFieldsExtractor()
        )
        instrumentation.requestTrace = trace
        let observed = ObservedRequest(request, context, trace)
        metrics.noteBegin()
        let observation = AnswerObservation(onBytes: { [metrics] in metrics.sentBytes.increment(by: $0) }) { ending in
            note(observed, ending)
        }
        do {
            var response = try await InstrumentationContext.withValue(instrumentation) { try await answer() }
            mark(&response, with: trace.id, from: request, context.record)
            follow(&response, observed, observation, instrumentation)
            return response
        } catch {
            if !Self.isDeparture(error) { observation.note(status: 500) }
            observation.end(Self.isDeparture(error) ? .cancelled : .aborted, error: error)
            throw error
        }
    }

    /// Says which request it is: by the client's own id, or by what the Hub calls it and its support asks for, or by ours.
    private func mark(
        _ response: inout Response,
        with id: XetWire.RequestID,
        from request: Request,
        _ record: RequestRecord
    ) {
        let upstreamID = response.headers[.requestID].flatMap { RequestID($0) }
        record.note(upstreamID: upstreamID)
        let isTheirs = request.headers[.requestID] == id.text
        response.headers[.requestID] = isTheirs ? id.text : (upstreamID ?? id).text
    }

    /// The client's own id, or a new one; and its trace if it has one.
    private static func trace(of headers: HTTPFields) -> RequestTrace {
        var generator = SystemRandomNumberGenerator()
        return RequestTrace(
            id: headers[.requestID].flatMap { RequestID($0) } ?? RequestID(using: &generator),
            parent: headers[.traceParent].flatMap { TraceParent($0) },
            state: headers[.traceState]
        )
    }

    /// Has the body tell how far it has come.
    private func follow(
        _ response: inout Response,
        _ observed: ObservedRequest,
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
        observation.note(status: status, byteCount: byteCount, transfer(response, observed, byteCount))
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

    /// Enters an answer with the bytes of a file or a xorb into the book.
    private func transfer(_ response: Response, _ observed: ObservedRequest, _ byteCount: UInt64?) -> Transfer? {
        let facts = observed.record.facts
        guard [200, 206].contains(response.status.code), let kind = facts.route.transferKind else { return nil }
        return book.begin(
            TransferSubject(
                kind: kind,
                repository: facts.repository,
                path: facts.path,
                // The Hub answers a request without a token with what anyone may see.
                visibility: kind == .file && !observed.hasAuthorization ? .anyone : .unknown,
                byteCount: byteCount,
                caller: observed.caller
            )
        )
    }

    /// Whether an error means that the client has gone: the task is cancelled then, or its connection closed.
    private static func isDeparture(_ error: any Error) -> Bool {
        Task.isCancelled || error is CancellationError || error is ChannelError || error is IOError
            || error is NIOAsyncWriterError
    }

    // MARK: At the end

    private func note(_ observed: ObservedRequest, _ ending: AnswerObservation.Ending) {
        let facts = observed.record.facts
        metrics.noteEnd(
            facts.route,
            status: ending.status,
            duration: ending.duration,
            firstByte: ending.firstByte
        )
        if facts.route.transferKind != nil, [200, 206].contains(ending.status), observed.method == .get {
            metrics.noteEnd(ending.outcome)
        }
        let error = facts.failure ?? ending.error
        if ending.outcome == .aborted || ending.status >= 500, !facts.route.isStatus {
            book.note(
                RequestFailure(
                    time: UInt64(max(0, Date().timeIntervalSince1970)),
                    status: ending.status,
                    route: facts.route.rawValue,
                    summary: Self.summary(ending, error),
                    cause: error.map { "\($0)" } ?? "",
                    caller: observed.caller
                )
            )
        }
        logger.log(
            level: Self.level(facts.route, ending),
            "request",
            metadata: observed.metadata(facts, ending, cause: cause(ending, error))
        )
    }

    private static func summary(_ ending: AnswerObservation.Ending, _ error: (any Error)?) -> String {
        if let error = error as? XetError { return error.code.description }
        return ending.outcome == .aborted
            ? "internal" : HTTPResponse.Status(code: ending.status).reasonPhrase.lowercased()
    }

    private func cause(_ ending: AnswerObservation.Ending, _ error: (any Error)?) -> String? {
        ending.outcome == .cancelled ? "the client left" : error.map { "\($0)" }
    }

    private static func level(_ route: RequestRoute, _ ending: AnswerObservation.Ending) -> Logger.Level {
        if ending.outcome == .aborted { return .error }
        if route.isStatus { return .debug }
        return ending.status >= 500 ? .warning : .notice
    }
}
