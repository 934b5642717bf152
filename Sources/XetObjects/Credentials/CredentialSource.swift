import XetAccess

/// A place where credentials may be.
protocol CredentialSource: Sendable {
    /// What is looked for, for who has none.
    var sought: String { get }

    /// The credentials; `nil` if nothing says that they are here.
    ///
    /// Throws ``ObjectStoreError`` if something says so and they cannot be had, and `CancellationError`.
    func credentials() async throws -> S3Credentials?
}
