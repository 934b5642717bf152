public import NIOCore
public import XetWire

/// Where the objects are, and how long a store may take.
public struct ObjectStoreSettings: Hashable, Sendable {
    /// How a bucket is addressed.
    public enum Addressing: String, Hashable, Sendable, CaseIterable {
        /// By path if an endpoint is given, or if the bucket's name holds dots, which no certificate covers; otherwise by host.
        case auto
        /// `https://endpoint/bucket/name`.
        case path
        /// `https://bucket.endpoint/name`.
        case virtual
    }

    /// Bucket and prefix.
    public var location: S3Location
    /// The store's address, without a path; that of S3 in the region if `nil`.
    public var endpoint: HTTPAddress?
    /// What requests are signed for; `us-east-1` if there is an endpoint and this is `nil`.
    public var region: String?
    /// How the bucket is addressed.
    public var addressing = Addressing.auto
    /// Longest wait for the head of an answer, connection included; for one to what is put, a second more for each MiB.
    public var headTimeout: TimeAmount = .seconds(10)

    /// The defaults, for a place.
    public init(_ location: S3Location) {
        self.location = location
    }
}
