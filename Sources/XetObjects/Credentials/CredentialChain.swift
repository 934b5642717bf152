import XetAccess

/// The first of several places that has credentials.
struct CredentialChain: CredentialSource {
    let sources: [any CredentialSource]

    var sought: String { sources.map(\.sought).joined(separator: "; ") }

    func credentials() async throws -> S3Credentials? {
        for source in sources {
            if let credentials = try await source.credentials() { return credentials }
        }
        return nil
    }
}
