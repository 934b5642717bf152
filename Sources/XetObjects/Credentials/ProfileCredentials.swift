import XetAccess

/// Credentials in the shared files of the AWS command line.
struct ProfileCredentials: CredentialSource {
    /// Ways to credentials that a profile may name and that are not gone here.
    private static let otherWays = [
        "credential_process", "source_profile", "credential_source", "sso_session", "sso_start_url", "login_session",
    ]

    let environment: S3Environment
    /// Where a profile's web identity is exchanged.
    let exchange: WebIdentityExchange

    var sought: String {
        let paths = environment.profileFiles.map { "'\($0.path)'" }
        let places =
            paths.isEmpty ? "shared files, which have no place without a home folder" : paths.joined(separator: " and ")
        return "the profile '\(environment.profileName.name)' in \(places)"
    }

    func credentials() async throws -> S3Credentials? {
        let (name, isChosen) = environment.profileName
        guard let profile = try environment.profile() else {
            guard isChosen else { return nil }
            throw ObjectStoreError(.noCredentials, "there is no such profile: \(sought)")
        }
        if let path = profile["web_identity_token_file"], let role = profile["role_arn"] {
            return try await exchange.credentials(
                tokenFile: path,
                role: role,
                sessionName: profile["role_session_name"],
                environment
            )
        }
        guard let keyID = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] else {
            guard isChosen else { return nil }
            let way = Self.otherWays.first { profile[$0] != nil }
            let fault =
                way.map { "is for \($0), which is not supported" }
                ?? "has no aws_access_key_id and aws_secret_access_key"
            throw ObjectStoreError(.noCredentials, "the profile '\(name)' \(fault)")
        }
        let token = profile["aws_session_token"]
        guard let credentials = S3Credentials(keyID: keyID, secret: secret, sessionToken: token) else {
            throw ObjectStoreError(.noCredentials, "the profile '\(name)' holds what no key is made of")
        }
        return credentials
    }
}
