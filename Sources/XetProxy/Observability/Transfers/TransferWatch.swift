import HTTPTypes
import Hummingbird
import Instrumentation
import Metrics
import XetAccess
import XetClient
import XetCore
import XetServer

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Enters answers with the bytes of files and xorbs into the book of transfers, and what failed beside them.
struct TransferWatch: RequestWatcher {
    let book: TransferBook
    private let savings: SavingsBook
    private let settings: ReloadableSettings
    private let metrics: any MetricsFactory

    init(_ book: TransferBook, _ savings: SavingsBook, _ settings: ReloadableSettings, metrics: any MetricsFactory) {
        self.settings = settings
        self.book = book
        self.savings = savings
        self.metrics = metrics
        for outcome in AnswerOutcome.allCases { downloads(outcome).increment(by: 0) }
    }

    func loggedPath(_ request: Request) -> String { request.loggedPath }

    func prepare(_ instrumentation: inout InstrumentationContext, for identity: RequestIdentity) {
        instrumentation.requestTrace = RequestTrace(
            id: identity.id.text,
            parent: identity.parent?.value,
            state: identity.state
        )
    }

    func begin(_ response: Response, to request: HTTPRequest, _ context: ProxyContext, byteCount: UInt64?)
        -> (any AnswerFollower)?
    {
        let facts = context.record.facts
        guard [200, 206].contains(response.status.code), let kind = facts.route.transferKind else { return nil }
        return book.begin(
            TransferSubject(
                kind: kind,
                repository: facts.repository,
                path: facts.path,
                // The Hub answers a request without a token with what anyone may see.
                visibility: kind == .file && Self.isAnonymous(request) ? .anyone : .unknown,
                byteCount: byteCount,
                caller: Self.caller(request),
                client: client(request, context)
            )
        )
    }

    func end(_ ending: AnswerObservation.Ending, of request: HTTPRequest, _ context: ProxyContext) {
        let facts = context.record.facts
        if facts.route.transferKind != nil, [200, 206].contains(ending.status), request.method == .get {
            downloads(ending.outcome).increment()
        }
        if facts.savedByteCount > 0 {
            savings.note(
                facts.savedByteCount,
                of: facts.repository,
                isPublic: facts.route.transferKind == .file && Self.isAnonymous(request),
                caller: Self.caller(request)
            )
        }
        guard ending.outcome == .aborted || ending.status >= 500, !facts.route.isStatus else { return }
        let error = facts.failure ?? ending.error
        book.note(
            RequestFailure(
                time: UInt64(max(0, Date().timeIntervalSince1970)),
                status: ending.status,
                route: facts.route.rawValue,
                summary: Self.summary(ending, error),
                cause: error.map { "\($0)" } ?? "",
                caller: Self.caller(request)
            )
        )
    }

    private func downloads(_ outcome: AnswerOutcome) -> Counter {
        Counter(label: "xet_downloads_total", dimensions: [("outcome", outcome.rawValue)], factory: metrics)
    }

    private func client(_ request: HTTPRequest, _ context: ProxyContext) -> String? {
        ClientKey.address(
            of: request,
            peer: context.channel.remoteAddress,
            trustedPeers: settings.values.trustedPeers
        ).map { "\($0)" }
    }

    private static func isAnonymous(_ request: HTTPRequest) -> Bool { request.headerFields[.authorization] == nil }

    private static func caller(_ request: HTTPRequest) -> CallerMark? {
        (try? Caller.token(of: request, allowAnonymous: true)).flatMap { $0 }.map(CallerMark.init)
    }

    private static func summary(_ ending: AnswerObservation.Ending, _ error: (any Error)?) -> String {
        if let error = error as? XetError { return error.code.description }
        return ending.outcome == .aborted
            ? "internal" : HTTPResponse.Status(code: ending.status).reasonPhrase.lowercased()
    }
}
