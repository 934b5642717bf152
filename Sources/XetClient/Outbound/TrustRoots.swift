import NIOSSL
public import XetAccess

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The authorities whose certificates are trusted.
public struct TrustRoots: Hashable, Sendable {
    private let replacement: String?
    private let addition: String?

    /// Those of the system, or those in the file `replacement` instead; and those in the file `addition`.
    ///
    /// Both are PEM files. Throws ``XetError`` if one cannot be read or holds no certificate.
    public init(replacement: String? = nil, addition: String? = nil) throws(XetError) {
        for path in [replacement, addition].compactMap(\.self) {
            try Self.check(path)
        }
        self.replacement = replacement
        self.addition = addition
    }

    private init() {
        replacement = nil
        addition = nil
    }

    /// Those of the system.
    public static let system = TrustRoots()

    private static func check(_ path: String) throws(XetError) {
        let bytes: [UInt8]
        do {
            bytes = Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw XetError(.invalidRequest, "the certificates in '\(path)' cannot be read", cause: error)
        }
        do {
            guard !bytes.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            _ = try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            throw XetError(.invalidRequest, "'\(path)' holds no certificates in PEM form, or a broken one")
        }
    }

    /// The settings for clients; `nil` if they are the defaults.
    ///
    /// They name files, not certificates: a client looks the settings up for each connection, and compares them.
    var tlsConfiguration: TLSConfiguration? {
        guard replacement != nil || addition != nil else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let replacement {
            configuration.trustRoots = .file(replacement)
        } else if !Self.systemHasSome {
            // NIOSSL fails where the system has none, although others are added.
            configuration.trustRoots = .certificates([])
        }
        configuration.additionalTrustRoots = addition.map { [.file($0)] } ?? []
        return configuration
    }

    /// Whether NIOSSL finds certificates of the system; it looks in the same places.
    static var systemHasSome: Bool {
        #if os(Linux)
        let paths = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs"]
        return paths.contains { FileManager.default.fileExists(atPath: $0) }
        #else
        return true
        #endif
    }
}
