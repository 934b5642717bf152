public import XetServer
public import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What an origin serves, where, and to whom.
public struct OriginConfiguration: Sendable {
    /// Files of at least so many bytes are large unless another threshold is set.
    public static let defaultThreshold: UInt64 = 1_000_000
    /// How long tokens and addresses are good unless set otherwise, in seconds.
    public static let defaultLifetime: UInt64 = 15 * 60

    /// How often the folder is looked at unless set otherwise, in seconds.
    public static let defaultScanInterval: UInt64 = 10

    /// The folder with the repositories, `models|datasets|spaces/OWNER/NAME/`.
    public var folder: String
    /// The folder for xorbs, shards and what is remembered between runs.
    public var dataFolder: String
    /// Where and how it listens.
    public var server: ServerConfiguration
    /// Files of at least so many bytes are stored as XET.
    public var threshold: UInt64
    /// Who may see, read and write what.
    public var rules: AccessRules
    /// What absolute addresses in answers begin with; the `Host` header of the request if `nil`.
    public var publicURL: HTTPAddress?
    /// How long a CAS token is good, in seconds.
    public var tokenLifetime: UInt64
    /// How long a signed address is good, in seconds.
    public var addressLifetime: UInt64
    /// How often the folder is looked at for what is new, in seconds; 0 for only when told to.
    public var scanInterval: UInt64
    /// How long a file has to have been left alone to count as finished, in seconds; 0 if all are.
    public var settleSeconds: UInt64
    /// The clock, in Unix seconds.
    public var now: @Sendable () -> UInt64

    /// A public origin on a free port of the loopback interface.
    public init(folder: String, dataFolder: String) {
        self.folder = folder
        self.dataFolder = dataFolder
        server = ServerConfiguration()
        server.host = "127.0.0.1"
        server.port = 0
        threshold = Self.defaultThreshold
        rules = .open
        tokenLifetime = Self.defaultLifetime
        addressLifetime = Self.defaultLifetime
        scanInterval = Self.defaultScanInterval
        settleSeconds = 1
        now = { UInt64(max(0, Date().timeIntervalSince1970)) }
    }
}

/// Why an origin cannot start.
public enum OriginError: Error, Hashable, Sendable {
    /// There is no folder to serve at this path.
    case noFolder(path: String)
    /// Another origin uses the data folder.
    case dataFolderInUse(path: String)
    /// The key in the data folder has another length than was written.
    case invalidSigningKey(path: String, expected: Int, found: Int)
}
