import HTTPTypes
import XetAccess
import XetCore
import XetWire

/// What makes two requests to the Hub the same: one caller, one target, and what else the answer may depend on.
///
/// No more than that: a name that each client makes up for each request is none of it.
struct HubQuestion: Hashable, Sendable {
    /// Headers that an answer may depend on, and `x-hf-*`.
    private static let headerNames: Set<String> = [
        "accept", "accept-encoding", "accept-language", "origin", "range", "if-match", "if-none-match",
        "if-modified-since", "if-unmodified-since", "if-range",
    ]

    /// What tells a request from others that look the same.
    enum Detail: Hashable, Sendable {
        /// Nothing does.
        case none
        /// Where the Hub sends it, it goes on by itself.
        case following
        /// It is for the content with this entity tag, as the Hub has just named it.
        case content(tag: String)
    }

    /// Who asks, as far as the Hub knows: whoever has no token is nobody.
    let caller: CallerMark?
    /// The repository that it is about.
    let repository: Repository
    let method: HTTPRequest.Method
    let detail: Detail
    /// Whether the answer is good for longer than this process may live: what gives access to something is not.
    let isLasting: Bool
    /// Path and query, below the Hub's address.
    let target: String
    private let headers: [String: String]

    /// A request.
    init(
        _ method: HTTPRequest.Method,
        _ target: String,
        detail: Detail = .none,
        isLasting: Bool = true,
        repository: Repository,
        authorization: String?,
        headers: HTTPFields
    ) {
        caller = authorization.map { CallerMark(authorization: $0) }
        self.repository = repository
        self.method = method
        self.detail = detail
        self.isLasting = isLasting
        self.target = target
        let names = Set(headers.map(\.name.canonicalName)).filter {
            Self.headerNames.contains($0) || $0.hasPrefix("x-hf-")
        }
        self.headers = Dictionary(
            uniqueKeysWithValues: names.compactMap { name in
                HTTPField.Name(name).map { (name, headers[values: $0].joined(separator: ", ")) }
            }
        )
    }

    /// Whether it is for a content that has just been named.
    var isForContent: Bool { if case .content = detail { true } else { false } }

    /// Of which of the Hub's budgets it takes.
    var budget: HubBudget { HubBudget(caller: caller, isAPI: target.hasPrefix("/api/")) }

    /// About the bytes that it takes.
    var byteCount: Int {
        headers.reduce(target.utf8.count) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }
}

/// What the Hub counts together: it gives each caller a number of requests, and another for files.
struct HubBudget: Hashable, Sendable {
    let caller: CallerMark?
    let isAPI: Bool
}
