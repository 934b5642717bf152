import HTTPTypes
public import NIOCore
public import XetAccess
public import XetClient
import XetWire

/// Keeps objects in a bucket of S3, or of a store that speaks its protocol.
///
/// What it needs of a store: puts on condition (`If-None-Match: *`), copies of an object onto itself, `ListObjectsV2`. In a
/// bucket with versions, a touch leaves a version behind.
public struct S3Client: ObjectStore {
    /// Longest error, or answer that says little, that is read.
    private static let maximumErrorByteCount = 64 << 10
    /// Fewer bytes that are put in a second are too few.
    private static let leastPutRate = 1 << 20

    let location: S3Location
    let address: S3Address
    private let region: S3Region
    private let headTimeout: TimeAmount
    /// Longest wait for a list, or the end of a copy, once it has begun.
    let bodyTimeout: TimeAmount
    private let credentials: S3CredentialCache
    private let http: UpstreamHTTP
    private let now: @Sendable () -> HTTPDate

    /// A client for a place.
    ///
    /// `http` sends the requests; a store on a private network needs one that asks such addresses (`privateUpstreams`).
    /// Throws `.invalid` for settings that do not go together.
    public init(
        _ settings: ObjectStoreSettings,
        credentials: S3CredentialCache,
        http: UpstreamHTTP
    ) throws(ObjectStoreError) {
        try self.init(settings, credentials: credentials, http: http, bodyTimeout: .seconds(30)) { .now }
    }

    init(
        _ settings: ObjectStoreSettings,
        credentials: S3CredentialCache,
        http: UpstreamHTTP,
        bodyTimeout: TimeAmount,
        now: @escaping @Sendable () -> HTTPDate
    ) throws(ObjectStoreError) {
        guard let name = settings.region ?? settings.endpoint.map({ _ in "us-east-1" }) else {
            throw ObjectStoreError(.invalid, "the region of the bucket is not known: AWS_REGION names it")
        }
        region = try S3Region(name)
        location = settings.location
        address = try S3Address(settings, region)
        headTimeout = settings.headTimeout
        self.bodyTimeout = bodyTimeout
        self.credentials = credentials
        self.http = http
        self.now = now
    }

    @discardableResult
    public func put(_ bytes: ByteBuffer, as name: String) async throws -> Bool {
        let call = S3Call(
            method: .put,
            key: try key(name),
            headers: [("if-none-match", "*"), ("content-type", "application/octet-stream")],
            body: bytes
        )
        var isSecond = false
        while true {
            let failure: StoreFailure
            switch try await answer(to: call, accepting: [200, 201, 204]) {
            case .success(let answer):
                try await finish(answer)
                return true
            case .failure(let found): failure = found
            }
            if failure.status == 412 { return false }
            if failure.status == 501 || failure.code == "NotImplemented" {
                throw ObjectStoreError(
                    .invalid,
                    "the store at \(address.origin) does not put on condition (If-None-Match), which is needed"
                )
            }
            // Another put or a removal was under way: whether there is an object now shows the next time.
            guard !isSecond, failure.status == 409 || failure.isMissing else {
                throw self.failure(failure, "cannot put '\(name)' into")
            }
            isSecond = true
        }
    }

    public func remove(_ name: String) async throws {
        let call = S3Call(method: .delete, key: try key(name))
        switch try await answer(to: call, accepting: [200, 202, 204]) {
        case .success(let answer): try await finish(answer)
        case .failure(let failure):
            if !failure.isMissing { throw self.failure(failure, "cannot remove '\(name)' from") }
        }
    }

    public func touch(_ name: String) async throws {
        let key = try key(name)
        let source = PercentEncoding.encode(path: "/\(location.bucket)/\(key)")
        let call = S3Call(
            method: .put,
            key: key,
            headers: [("x-amz-copy-source", source), ("x-amz-metadata-directive", "REPLACE")]
        )
        switch try await answer(to: call, accepting: [200]) {
        case .failure(let failure):
            if !failure.isMissing { throw self.failure(failure, "cannot touch '\(name)' in") }
        case .success(let answer):
            // The status comes before the copy: its failure may stand in the body.
            let body = try await answer.bytes(upTo: Self.maximumErrorByteCount, within: bodyTimeout)
            guard (try? S3XML.parse(body))?.name == "CopyObjectResult" else {
                let failure = StoreFailure(status: 200, body: body)
                if failure.code == "NoSuchKey" { return }
                throw self.failure(failure, "cannot touch '\(name)' in")
            }
        }
    }

    // MARK: Requests

    /// Sends a signed request; once more with other credentials if it is those that are refused, and there are others.
    ///
    /// Throws ``ObjectStoreError`` if there is no answer, and `CancellationError`.
    func answer(to call: S3Call, accepting statuses: Set<Int>) async throws -> S3Answer {
        let request = call.request(to: address)
        var used = try await credentials.credentials()
        let (first, failure) = try await send(call, request, used, accepting: statuses)
        guard let failure else { return .success(first) }
        guard failure.isOfCredentials, let others = try await credentials.replacement(for: used) else {
            return .failure(failure)
        }
        used = others
        let (second, secondFailure) = try await send(call, request, used, accepting: statuses)
        return secondFailure.map { .failure($0) } ?? .success(second)
    }

    private func send(
        _ call: S3Call,
        _ request: S3Request,
        _ credentials: S3Credentials,
        accepting statuses: Set<Int>
    ) async throws -> (answer: UpstreamResponse, failure: StoreFailure?) {
        let signature = S3Signer(credentials: credentials, region: region.name).headers(for: request, at: now())
        var headers = HTTPFields()
        for (name, value) in [("Host", request.host)] + call.headers + signature {
            headers[.known(name)] = value
        }
        // What belongs to the store alone goes where it goes nowhere else.
        let authorization = headers[.authorization]
        headers[.authorization] = nil
        let answer = try await http.storeAnswer(
            to: UpstreamRequest(
                call.method,
                try address.address(request.target),
                of: .store,
                headers: headers,
                authorization: authorization,
                body: call.body.map { UpstreamRequest.Body($0) },
                headTimeout: headTimeout + .seconds(Int64((call.body?.readableBytes ?? 0) / Self.leastPutRate))
            )
        )
        let status = answer.head.status.code
        if statuses.contains(status) { return (answer, nil) }
        let body = try await finish(answer)
        let region = answer.headers[.known("x-amz-bucket-region")]
        return (answer, StoreFailure(status: status, body: body, region: region))
    }

    /// Reads an answer whose status says enough, so that its connection stays usable; empty if it is broken, long or slow.
    ///
    /// Throws `CancellationError`.
    @discardableResult
    private func finish(_ answer: UpstreamResponse) async throws -> [UInt8] {
        do {
            return try await answer.bytes(upTo: Self.maximumErrorByteCount, within: headTimeout)
        } catch is ObjectStoreError {
            return []
        }
    }

    /// The key of an object.
    ///
    /// Throws `.invalid` for a name that no object may have.
    func key(_ name: String) throws(ObjectStoreError) -> String {
        guard ObjectName.isValid(name) else {
            throw ObjectStoreError(.invalid, "an object's name has parts of small letters, digits, dots and hyphens")
        }
        return location.key(name)
    }

    /// What a failure means to who wanted something of the bucket.
    func failure(_ failure: StoreFailure, _ action: String) -> ObjectStoreError {
        failure.error(action, bucket: location.bucket, store: address.origin.description)
    }
}

/// What a store answered.
enum S3Answer: Sendable {
    /// What was expected, its body yet to come.
    case success(UpstreamResponse)
    /// Something else, its body read.
    case failure(StoreFailure)
}
