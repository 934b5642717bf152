import HTTPTypes
import XetWire

/// The right to one request to one address that the Hub or the CAS named, for a time.
struct AddressCapability: Hashable, Sendable {
    /// Seconds that one for reading is good for.
    static let readLifetime: UInt64 = 3600
    /// Seconds that one for writing is good for: the parts of a large upload may take long.
    static let writeLifetime: UInt64 = 24 * 3600

    /// Where the request goes.
    let address: HTTPAddress
    /// Its method; one for `GET` is good for `HEAD` too.
    let method: HTTPRequest.Method
    /// Headers that are sent along.
    let headers: [UploadRewriting.Header]
    /// Unix seconds.
    let expiration: UInt64

    /// The right ends some time after `now`.
    init(
        address: HTTPAddress,
        method: HTTPRequest.Method,
        headers: [UploadRewriting.Header] = [],
        now: UInt64
    ) {
        self.address = address
        self.method = method == .head ? .get : method
        self.headers = headers
        expiration = now + (self.method == .get ? Self.readLifetime : Self.writeLifetime)
    }

    /// `nil` unless `signer` sealed the text and it has not ended at `now`.
    init?(sealed: String, _ signer: Signer, now: UInt64) {
        guard let payload = SealedText.open(sealed, .proxyAddress, signer) else { return nil }
        var reader = CapabilityReader(payload)
        guard let expiration = reader.number(), now < expiration,
            let method = reader.text().flatMap({ HTTPRequest.Method($0) }), let count = reader.number()
        else { return nil }
        var headers: [UploadRewriting.Header] = []
        for _ in 0..<count {
            guard let name = reader.text(), let value = reader.text() else { return nil }
            headers.append(UploadRewriting.Header(name: name, value: value))
        }
        guard let text = reader.text(), reader.isAtEnd, let address = HTTPAddress(text) else { return nil }
        self.address = address
        self.method = method
        self.headers = headers
        self.expiration = expiration
    }

    /// One segment of a path.
    func sealed(_ signer: Signer) -> String {
        var writer = CapabilityWriter()
        writer.write(expiration)
        writer.write(method.rawValue)
        writer.write(UInt64(headers.count))
        for header in headers {
            writer.write(header.name)
            writer.write(header.value)
        }
        writer.write(address.absolute)
        return SealedText.seal(writer.bytes, .proxyAddress, signer)
    }

    /// Whether a request may have this method.
    func permits(_ method: HTTPRequest.Method) -> Bool {
        method == self.method || method == .head && self.method == .get
    }
}
