import XetAccess
import XetClient
import XetWire

/// Where a bucket is asked for.
struct S3Address: Hashable, Sendable {
    /// The host that requests go to.
    let origin: HTTPAddress.Origin
    /// What paths begin with: `/bucket`, or nothing if the host names the bucket.
    private let base: String

    /// Throws `.invalid`, with what is wrong.
    init(_ settings: ObjectStoreSettings, _ region: S3Region) throws(ObjectStoreError) {
        let bucket = settings.location.bucket
        let service = settings.endpoint ?? HTTPAddress("https://s3.\(region.name).\(region.domain)")
        guard let service, service.target == "/" else {
            throw ObjectStoreError(.invalid, "the address of an object store has no path and no query")
        }
        let isByPath =
            switch settings.addressing {
            case .auto: settings.endpoint != nil || bucket.contains(".")
            case .path: true
            case .virtual: false
            }
        if isByPath {
            origin = service.origin
            base = "/\(bucket)"
            return
        }
        let start = service.origin.isSecure ? "https://" : "http://"
        guard IPAddress(anySpelling: service.origin.host) == nil,
            let address = HTTPAddress("\(start)\(bucket).\(service.origin.authority)")
        else {
            throw ObjectStoreError(.invalid, "\(service.origin) is no name: a bucket cannot stand before it")
        }
        origin = address.origin
        base = ""
    }

    /// The path of an object as it is sent, or of the bucket.
    func path(_ key: String) -> String { "\(base)/\(PercentEncoding.encode(path: key))" }

    /// The address of a request.
    func address(_ target: String) throws(ObjectStoreError) -> HTTPAddress {
        guard let address = HTTPAddress(origin.description + target) else {
            throw ObjectStoreError(.invalid, "a request to \(origin) has no address")
        }
        return address
    }
}
