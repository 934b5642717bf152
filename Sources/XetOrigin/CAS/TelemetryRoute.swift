import HTTPTypes
import Hummingbird
import XetWire

/// `POST /v1/telemetry` and `/api/telemetry/…`: taken and dropped.
struct TelemetryRoute: Route {
    func respond(to request: RouteRequest) async throws -> Response? {
        let isCAS = request.method == .post && request.casPath.segments == ["telemetry"]
        let isHub = request.segments.starts(with: ["api", "telemetry"])
        return isCAS || isHub ? Response(status: .ok) : nil
    }
}
