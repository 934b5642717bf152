/// Files that a server shows its clients who it is with, both PEM.
public struct TLSFiles: Sendable, Hashable {
    /// Path of the certificate, followed in the file by those between it and a root.
    public var certificate: String
    /// Path of its private key.
    public var key: String

    /// The two paths; nothing is read yet.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
