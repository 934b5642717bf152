import XetAccess

/// Credentials in variables.
struct VariableCredentials: CredentialSource {
    let environment: S3Environment

    var sought: String { "AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY" }

    func credentials() async throws -> S3Credentials? {
        let keyID = environment["AWS_ACCESS_KEY_ID"]
        let secret = environment["AWS_SECRET_ACCESS_KEY"]
        if keyID == nil, secret == nil { return nil }
        guard let keyID else {
            throw ObjectStoreError(.noCredentials, "AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not")
        }
        guard let secret else {
            throw ObjectStoreError(.noCredentials, "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not")
        }
        let token = environment["AWS_SESSION_TOKEN"]
        guard let credentials = S3Credentials(keyID: keyID, secret: secret, sessionToken: token) else {
            throw ObjectStoreError(
                .noCredentials,
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_SESSION_TOKEN holds what no key is made of"
            )
        }
        return credentials
    }
}
