import HTTPTypes
import Hummingbird
import Logging
import XetAccess
import XetServer
import XetStore
import XetWire

/// Gives each request to the first route that takes it.
struct OriginRoutes: ServerRoutes {
    private let routes: [any Route]
    private let publicURL: HTTPAddress?
    private let isSecure: Bool

    /// `isSecure` says whether clients speak TLS with the origin itself.
    init(_ services: OriginServices, publicURL: HTTPAddress?, isSecure: Bool, logger: Logger) {
        let hub = HubAccess(services)
        let cas = CASAccess(services)
        let files = FileAddress(services)
        let ranges = XorbAddress(services)
        let (xorbs, shards) = (services.xorbs, services.shards)
        routes = [
            // The CAS, and the bytes of xorbs.
            XorbBytesRoute(addresses: ranges, xorbs: xorbs, reader: CheckedXorbReader(xorbs: xorbs)),
            ReconstructionRoute(access: cas, addresses: ranges, xorbs: xorbs),
            ReconstructionBatchRoute(access: cas, addresses: ranges, xorbs: xorbs),
            DedupRoute(access: cas, xorbs: xorbs, shards: shards, key: .random(), now: services.now),
            XorbGrantRoute(),
            XorbUploadRoute(access: cas, xorbs: xorbs),
            ShardUploadRoute(
                access: cas,
                shards: shards,
                ledger: services.ledger,
                layout: services.layout,
                permits: TaskGate(width: 2),
                logger: logger
            ),
            // The Hub, and the bytes of files.
            ResolveRoute(access: hub, addresses: files),
            BridgeRoute(
                addresses: files,
                catalog: services.catalog,
                shards: shards,
                reader: StoredFileReader(xorbs: xorbs)
            ),
            TokenRoute(access: hub, services: services),
            TreeRoute(access: hub),
            PathsInfoRoute(access: hub),
            RepositoryRoute(access: hub),
            RefsRoute(access: hub),
            CommitsRoute(access: hub),
            RepositoryListRoute(access: hub),
            WhoAmIRoute(access: hub),
            TelemetryRoute(),
        ]
        self.publicURL = publicURL
        self.isSecure = isSecure
    }

    func answer(_ request: Request, _ context: OriginContext) async throws -> Response {
        let routed = try RouteRequest(request, isSecure: isSecure, publicURL: publicURL)
        for route in routes {
            if let response = try await route.respond(to: routed) {
                context.note(route)
                return response
            }
        }
        throw RouteError.notFound
    }

    func response(to error: any Error, _ context: OriginContext) -> Response? {
        (error as? RouteError)?.response
    }

    func refusal(_ status: HTTPResponse.Status, _ message: String) -> Response {
        RouteError(status, message).response
    }
}
