import XetAccess

/// An answer of a store that is no success.
struct StoreFailure: Hashable, Sendable {
    /// Longest code that is shown; those of stores have at most half of that.
    private static let maximumCodeByteCount = 64
    /// What says that the key is not, or no longer, one that the store knows.
    private static let endedCodes: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidToken", "InvalidClientTokenId",
        "TokenRefreshRequired",
    ]
    private static let deniedCodes: Set<String> = [
        "AccessDenied", "AccountProblem", "AllAccessDisabled", "AuthorizationHeaderMalformed", "InvalidSecurity",
        "MethodNotAllowed", "NoSuchBucket", "PermanentRedirect", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
        "TemporaryRedirect", "UnauthorizedAccess",
    ]
    /// What says that the bucket is in another region; some stores name their region in every error.
    private static let elsewhereCodes: Set<String> = [
        "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect", "TemporaryRedirect",
    ]
    private static let fullCodes: Set<String> = [
        "InsufficientCapacity", "InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded",
        "XMinioStorageFull",
    ]
    private static let awayCodes: Set<String> = [
        "ConditionalRequestConflict", "InternalError", "OperationAborted", "ServiceUnavailable", "SlowDown",
        "SlowDownRead", "SlowDownWrite", "Throttling", "ThrottlingException", "TooManyRequests",
    ]

    /// The status of the answer.
    let status: Int
    /// What the store calls it, if it says so and that is a code.
    let code: String?
    /// The region that the store names, if it does.
    let region: String?

    init(status: Int, code: String? = nil, region: String? = nil) {
        self.status = status
        self.code = code
        self.region = region
    }

    /// Reads what is useful of an answer; a body that is no error says nothing.
    init(status: Int, body: [UInt8], region: String? = nil) {
        let root = try? S3XML.parse(body)
        let error = root?.name == "Error" ? root : nil
        self.init(
            status: status,
            code: error?["Code"].flatMap { Self.checkedCode($0.text) },
            region: (region ?? error?["Region"]?.text).flatMap { try? S3Region($0).name }
        )
    }

    /// A text that may be shown as what a server calls an error; `nil` for all others.
    static func checkedCode(_ text: String) -> String? {
        let isMadeOf = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isMadeOf && (1...maximumCodeByteCount).contains(text.utf8.count) ? text : nil
    }

    /// Whether other credentials may be what helps.
    var isOfCredentials: Bool { code.map(Self.endedCodes.contains) ?? (status == 401) }

    /// Whether what was asked for is not there, in a bucket that is.
    var isMissing: Bool { status == 404 && code != "NoSuchBucket" }

    /// What it means to who wanted to `do` something with a bucket at a store.
    func error(_ action: String, bucket: String, store: String) -> ObjectStoreError {
        let said = code.map { "\($0) (\(status))" } ?? "status \(status)"
        return ObjectStoreError(kind, "\(action) the bucket '\(bucket)' at \(store): \(said)\(advice)")
    }

    private var kind: ObjectStoreError.Kind {
        if let code {
            if Self.deniedCodes.contains(code) || Self.endedCodes.contains(code) { return .denied }
            if Self.fullCodes.contains(code) { return .full }
            if code == "RequestTimeout" { return .slow }
            if Self.awayCodes.contains(code) { return .away }
        }
        switch status {
        case 401, 403, 300..<400, 405: return .denied
        case 408, 504: return .slow
        case 409, 429: return .away
        case 501: return .invalid
        case 507: return .full
        case 500...: return .away
        default: return .invalid
        }
    }

    private var isElsewhere: Bool { (300..<400).contains(status) || code.map(Self.elsewhereCodes.contains) ?? false }

    private var advice: String {
        if isElsewhere, let region { return ": the bucket is in the region \(region), which has to be named" }
        if (300..<400).contains(status) { return ": redirects are not followed; perhaps the bucket is elsewhere" }
        switch code {
        case "RequestTimeTooSkewed": return ": this machine's clock is wrong"
        case "NoSuchBucket": return ": it has to be made first"
        case "SignatureDoesNotMatch": return ": the secret key, the region or the address is wrong"
        default: return ""
        }
    }
}
