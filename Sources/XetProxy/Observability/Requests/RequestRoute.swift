import XetCore

/// The route of a request, as logs and metrics name it: one of a few.
enum RequestRoute: String, Sendable, CaseIterable {
    // What the proxy says of itself.
    case page
    case events
    case openapi
    case health
    case livez
    case readyz
    case metrics
    // What it rebuilds.
    case download
    case downloadHash = "download_hash"
    // What it has of a Hub and a CAS.
    case resolve
    case token
    case hub
    case cas
    case xorb
    case address
    case telemetry
    /// A clone or a fetch of Git's.
    case git
    /// None of these.
    case other

    /// The route of a path that is one of the proxy's own.
    init?(ownPath path: String) {
        switch path {
        case "/", "/ui.css", "/ui.js", "/operator", "/operator/", "/operator/ui.css", "/operator/ui.js": self = .page
        case "/events", "/operator/events": self = .events
        case "/openapi.json": self = .openapi
        case "/health": self = .health
        case "/livez": self = .livez
        case "/readyz": self = .readyz
        case "/metrics": self = .metrics
        default:
            if path.hasPrefix(DownloadRoute.prefix) {
                self = .download
            } else if path.hasPrefix(DownloadHashRoute.prefix) {
                self = .downloadHash
            } else {
                return nil
            }
        }
    }

    /// The route of a path of a Hub or a CAS.
    init(_ target: EndpointTarget) {
        self =
            switch target {
            case .file: .resolve
            case .hub(.git(.uploadPack), _): .git
            case .hub: .hub
            case .token: .token
            case .cas: .cas
            case .telemetry: .telemetry
            case .xorb: .xorb
            case .address: .address
            }
    }

    /// Whether it is about the proxy itself: asked for often, by machines.
    var isStatus: Bool {
        switch self {
        case .page, .events, .openapi, .health, .livez, .readyz, .metrics: true
        default: false
        }
    }

    /// What its long answers are; `nil` if they do not count as transfers.
    var transferKind: TransferSubject.Kind? {
        switch self {
        case .download, .downloadHash, .resolve: .file
        case .xorb: .xorb
        case .address, .git: .other
        default: nil
        }
    }
}
