import HTTPTypes
import Hummingbird

/// `GET /api/whoami-v2`: whose token it is.
struct WhoAmIRoute: Route {
    private struct Body: Encodable {
        struct Auth: Encodable {
            let type = "access_token"
            let accessToken = AccessToken()
        }

        struct AccessToken: Encodable {
            let displayName = "origin"
            let role = "write"
        }

        let type = "user"
        let name: String
        let fullname: String
        /// Clients go through them without a check.
        let orgs: [String] = []
        let auth = Auth()
    }

    let access: HubAccess

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, request.segments == ["api", "whoami-v2"] else { return nil }
        guard case .user(let name) = try access.caller(of: request) else {
            throw RouteError(.unauthorized, "Invalid username or password.")
        }
        return .json(Body(name: name, fullname: name))
    }
}
