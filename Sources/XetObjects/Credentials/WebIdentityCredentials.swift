/// Credentials for a token that a cluster gives its pods, as variables name it.
struct WebIdentityCredentials: CredentialSource {
    let environment: S3Environment
    let exchange: WebIdentityExchange

    var sought: String { "AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN" }

    func credentials() async throws -> S3Credentials? {
        guard let path = environment["AWS_WEB_IDENTITY_TOKEN_FILE"], let role = environment["AWS_ROLE_ARN"] else {
            return nil
        }
        let session = environment["AWS_ROLE_SESSION_NAME"]
        return try await exchange.credentials(tokenFile: path, role: role, sessionName: session, environment)
    }
}
