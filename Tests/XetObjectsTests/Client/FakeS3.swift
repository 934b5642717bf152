import Crypto
import NIOHTTP1
import Synchronization
import XetClientTestSupport
import XetCore
import XetWire

/// A store in memory that checks signatures by its own reading of the rules.
final class FakeS3: Sendable {
    struct Object {
        var bytes: [UInt8]
        var time: Int64
    }

    private struct State {
        var objects: [String: Object] = [:]
        var now: Int64 = 1_700_000_000
        var secrets = ["AKID": "secret/+="]
        var faults: [String] = []
    }

    private let bucket: String
    private let pageCount: Int
    private let isByHost: Bool
    private let state = Mutex(State())

    /// `isByHost`: whether the host names the bucket, as it is in all requests here.
    init(bucket: String = "models", pageCount: Int = 1000, isByHost: Bool = false) {
        self.bucket = bucket
        self.pageCount = pageCount
        self.isByHost = isByHost
    }

    var objects: [String: Object] {
        get { state.withLock { $0.objects } }
        set { state.withLock { $0.objects = newValue } }
    }

    var now: Int64 {
        get { state.withLock { $0.now } }
        set { state.withLock { $0.now = newValue } }
    }

    /// The secret of each key.
    var secrets: [String: String] {
        get { state.withLock { $0.secrets } }
        set { state.withLock { $0.secrets = newValue } }
    }

    /// What the answer to a request is.
    func answer(_ request: ReceivedRequest) -> ScriptedAnswer {
        if let code = fault(request) { return Self.error(403, code) }
        let (path, query) = Self.split(request.target)
        let base = isByHost ? "/" : "/\(bucket)/"
        guard path.hasPrefix(base), let key = PercentEncoding.decode(path.dropFirst(base.count)) else {
            return Self.error(404, "NoSuchBucket")
        }
        return state.withLock { state in
            switch (request.method, key) {
            case (.GET, ""): list(state.objects, query)
            case (.GET, _): get(state.objects[key], request, state.now)
            case (.PUT, _):
                if let source = request.headers.first(name: "x-amz-copy-source") {
                    copy(&state, key, source)
                } else {
                    put(&state, key, request)
                }
            case (.DELETE, _):
                {
                    state.objects[key] = nil
                    return ScriptedAnswer(204)
                }()
            default: Self.error(405, "MethodNotAllowed")
            }
        }
    }

    static func error(_ status: Int, _ code: String, _ more: String = "") -> ScriptedAnswer {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>\(code)</Code><Message>for people</Message>\(more)<RequestId>1</RequestId></Error>
            """
        return ScriptedAnswer(status, [("Content-Type", "application/xml")], Array(text.utf8))
    }

    // MARK: Objects

    private func get(_ object: Object?, _ request: ReceivedRequest, _ now: Int64) -> ScriptedAnswer {
        guard let object else { return Self.error(404, "NoSuchKey") }
        let dates = [
            ("Date", HTTPDate(unixSeconds: now).text ?? ""),
            ("Last-Modified", HTTPDate(unixSeconds: object.time).text ?? ""),
        ]
        guard let range = request.range.flatMap({ RangeHeader($0) }) else {
            return ScriptedAnswer(200, dates, object.bytes)
        }
        guard let bytes = range.resolved(byteCount: UInt64(object.bytes.count)) else {
            return Self.error(416, "InvalidRange")
        }
        let content = ("Content-Range", "bytes \(bytes.start)-\(bytes.end - 1)/\(object.bytes.count)")
        return ScriptedAnswer(206, dates + [content], Array(object.bytes[Int(bytes.start)..<Int(bytes.end)]))
    }

    private func put(_ state: inout State, _ key: String, _ request: ReceivedRequest) -> ScriptedAnswer {
        if request.headers.first(name: "if-none-match") == "*", state.objects[key] != nil {
            return Self.error(412, "PreconditionFailed")
        }
        state.objects[key] = Object(bytes: request.body, time: state.now)
        return ScriptedAnswer(200, [("ETag", "\"x\"")])
    }

    private func copy(_ state: inout State, _ key: String, _ source: String) -> ScriptedAnswer {
        guard PercentEncoding.decode(source) == "/\(bucket)/\(key)", state.objects[key] != nil else {
            return Self.error(404, "NoSuchKey")
        }
        state.objects[key]?.time = state.now
        return ScriptedAnswer(200, [], Array("<CopyObjectResult><ETag>&quot;x&quot;</ETag></CopyObjectResult>".utf8))
    }

    private func list(_ objects: [String: Object], _ query: [String: String]) -> ScriptedAnswer {
        let prefix = query["prefix"] ?? ""
        let start = query["start-after"] ?? ""
        let names = objects.keys.filter { $0.hasPrefix(prefix) && $0 > start }.sorted()
        var text = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>\(bucket)</Name>"
        text += "<EncodingType>url</EncodingType><IsTruncated>\(names.count > pageCount)</IsTruncated>"
        for name in names.prefix(pageCount) {
            guard let object = objects[name] else { continue }
            text += "<Contents><Key>\(PercentEncoding.encode(path: name).replacing("%20", with: "+"))</Key>"
            text += "<LastModified>\(HTTPDate(unixSeconds: object.time).isoText)</LastModified>"
            text += "<ETag>&quot;x&quot;</ETag><Size>\(object.bytes.count)</Size></Contents>"
        }
        return ScriptedAnswer(200, [], Array("\(text)</ListBucketResult>".utf8))
    }

    // MARK: Signatures

    private static func split(_ target: String) -> (path: String, query: [String: String]) {
        let parts = path(target).split(separator: "?", maxSplits: 1).map(String.init)
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[PercentEncoding.decode(sides[0]) ?? "?"] = PercentEncoding.decode(sides.count > 1 ? sides[1] : "")
        }
        return (parts[0], query)
    }

    /// The code of the error that a request's signature makes; `nil` if it is right.
    private func fault(_ request: ReceivedRequest) -> String? {
        guard let authorization = request.authorization, authorization.hasPrefix("AWS4-HMAC-SHA256 ") else {
            return "AccessDenied"
        }
        var fields: [Substring: Substring] = [:]
        for part in authorization.dropFirst("AWS4-HMAC-SHA256 ".count).split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1)
            fields[sides[0]] = sides.count > 1 ? sides[1] : ""
        }
        let scope = (fields["Credential"] ?? "").split(separator: "/").map(String.init)
        guard scope.count == 5, let names = fields["SignedHeaders"]?.split(separator: ";").map(String.init),
            let date = request.headers.first(name: "x-amz-date"),
            let payload = request.headers.first(name: "x-amz-content-sha256")
        else { return "AuthorizationHeaderMalformed" }
        guard let secret = secrets[scope[0]] else { return "InvalidAccessKeyId" }
        guard Self.hex(SHA256.hash(data: request.body)) == payload else { return "XAmzContentSHA256Mismatch" }
        // All that a store obeys has to be signed.
        let isSigned = request.headers.allSatisfy { header in
            let name = header.name.lowercased()
            let matters = name == "host" || name == "range" || name == "if-none-match" || name.hasPrefix("x-amz-")
            return !matters || names.contains(name)
        }
        guard isSigned else { return "AccessDenied" }
        let (path, query) = Self.rawParts(request.target)
        let headers = names.map { "\($0):\(request.headers[$0].joined(separator: ","))\n" }.joined()
        let canonical =
            "\(request.method)\n\(path)\n\(query)\n\(headers)\n\(names.joined(separator: ";"))\n\(payload)"
        let text = """
            AWS4-HMAC-SHA256
            \(date)
            \(scope[1...].joined(separator: "/"))
            \(Self.hex(SHA256.hash(data: Array(canonical.utf8))))
            """
        var key = Array("AWS4\(secret)".utf8)
        for part in scope[1...] { key = Self.code(part, key) }
        guard date.hasPrefix(scope[1]), fields["Signature"].map(String.init) == Self.hex(Self.code(text, key)) else {
            return "SignatureDoesNotMatch"
        }
        return nil
    }

    /// What a proxy asks for: it gets whole addresses.
    private static func path(_ target: String) -> String { HTTPAddress(target)?.target ?? target }

    private static func rawParts(_ target: String) -> (path: String, query: String) {
        let parts = path(target).split(separator: "?", maxSplits: 1).map(String.init)
        let pairs = parts.count > 1 ? parts[1].split(separator: "&").sorted() : []
        return (parts[0], pairs.joined(separator: "&"))
    }

    private static func code(_ text: String, _ key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String { Array(bytes).hexText }
}
