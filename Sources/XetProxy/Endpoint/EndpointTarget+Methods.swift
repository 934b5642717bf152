import HTTPTypes

/// Whether a request reads or changes something.
enum EndpointAccess: Hashable, Sendable {
    case read
    case write
    /// It makes no sense, whatever is allowed.
    case invalid
}

extension EndpointTarget {
    /// The methods that only read, in the order of an `Allow` header.
    var readMethods: [HTTPRequest.Method] {
        switch self {
        case .file, .token(.read, _), .xorb: [.get, .head]
        case .hub(let route, _):
            switch route {
            case .resource, .content, .list, .unknown, .copies: [.get, .head]
            case .query: [.get, .head, .post]
            case .git(.references): [.get]
            case .git(.uploadPack), .lfsBatch: [.post]
            case .git(.receivePack), .lfs, .repositories: []
            }
        case .token(.write, _): []
        case .cas(let route, _):
            switch route {
            case .reconstruction, .chunks: [.get, .head]
            case .reconstructionBatch: [.get, .head, .post]
            case .upload, .uploadGrant: []
            }
        case .telemetry: [.post]
        // The capability says which.
        case .address: [.get, .head]
        }
    }

    /// The methods that change something.
    private var writeMethods: [HTTPRequest.Method] {
        switch self {
        case .file, .token(.read, _), .xorb, .telemetry: []
        case .token(.write, _): [.get]
        case .hub(.git(.receivePack), _): [.post]
        case .hub(let route, _): route.isReadOnly ? [] : [.get, .post, .put, .patch, .delete]
        case .cas(let route, _): route == .upload || route == .uploadGrant ? [.post] : []
        case .address: [.post, .put, .patch, .delete]
        }
    }

    /// What a method does here, unless the query or the body says more: see ``EndpointRoute``.
    func access(_ method: HTTPRequest.Method) -> EndpointAccess {
        if readMethods.contains(method) { return .read }
        return writeMethods.contains(method) ? .write : .invalid
    }

    /// The methods that are allowed.
    func methods(allowWrites: Bool) -> [HTTPRequest.Method] {
        readMethods + (allowWrites ? writeMethods.filter { !readMethods.contains($0) } : [])
    }
}

extension EndpointTarget.HubRoute {
    /// Whether no method changes anything.
    fileprivate var isReadOnly: Bool {
        switch self {
        case .content, .list, .git(.references), .git(.uploadPack): true
        case .resource, .query, .copies, .git(.receivePack), .lfs, .lfsBatch, .repositories, .unknown: false
        }
    }
}
