import HTTPTypes
import Hummingbird
import Logging
import XetAccess
import XetStore
import XetWire

/// Gives each request to the first route that takes it.
struct OriginResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    private let routes: [any Route]
    private let publicURL: HTTPAddress?
    private let logger: Logger

    init(_ services: OriginServices, publicURL: HTTPAddress?, logger: Logger) {
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
        self.logger = logger
    }

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let response = try await answer(request)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request) async throws -> Response {
        do {
            let routed = try RouteRequest(request, publicURL: publicURL)
            for route in routes {
                if let response = try await route.respond(to: routed) { return response }
            }
            throw RouteError.notFound
        } catch let error as RouteError {
            return error.response
        } catch let error as CancellationError {
            throw error
        } catch {
            // The query may hold a signature.
            let path = request.head.path?.prefix { $0 != "?" } ?? ""
            logger.error("a request failed", metadata: ["path": "\(path)", "error": "\(error)"])
            return RouteError(.internalServerError, "The origin could not answer this.").response
        }
    }
}
