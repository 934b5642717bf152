public import XetAccess

/// A bucket and a prefix: `s3://BUCKET/PREFIX`.
public struct S3Location: Hashable, Sendable, CustomStringConvertible {
    /// Longest prefix in bytes: with a slash and an object's name it stays below the 1024 that S3 allows.
    public static let maximumPrefixByteCount = 1024 - ObjectName.maximumByteCount - 1

    /// The bucket's name.
    public let bucket: String
    /// What names begin with, without slashes at its ends; empty for none.
    public let prefix: String

    /// Parses `s3://BUCKET`, `s3://BUCKET/` or `s3://BUCKET/PREFIX`, whose last slash does not count.
    ///
    /// Throws `.invalid`, with what is wrong.
    public init(_ text: some StringProtocol) throws(ObjectStoreError) {
        let scheme = "s3://"
        guard text.hasPrefix(scheme) else {
            throw ObjectStoreError(.invalid, "'\(Self.shown(text))' is no place for objects: s3://BUCKET/PREFIX is")
        }
        let parts = text.dropFirst(scheme.count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let prefix = parts.count > 1 ? parts[1] : ""
        try self.init(bucket: String(parts[0]), prefix: String(prefix.hasSuffix("/") ? prefix.dropLast() : prefix))
    }

    /// Makes a place; `prefix` has no slashes at its ends.
    ///
    /// Throws `.invalid`, with what is wrong.
    public init(bucket: String, prefix: String = "") throws(ObjectStoreError) {
        if let fault = Self.fault(bucket: bucket) ?? Self.fault(prefix: prefix) {
            throw ObjectStoreError(.invalid, fault)
        }
        self.bucket = bucket
        self.prefix = prefix
    }

    public var description: String { "s3://\(bucket)\(prefix.isEmpty ? "" : "/")\(prefix)" }

    /// The key of an object, or what the keys of objects begin with.
    func key(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix)/\(name)" }

    /// Source: "Bucket naming rules" in the S3 user guide.
    private static func fault(bucket: String) -> String? {
        guard (3...63).contains(bucket.utf8.count) else {
            return "the bucket '\(shown(bucket))' has \(bucket.utf8.count) bytes: a name has 3 to 63"
        }
        let isMadeOf = bucket.utf8.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }
        guard isMadeOf else {
            return "the bucket '\(shown(bucket))' is no name: those have lower-case letters, digits, dots and hyphens"
        }
        let labels = bucket.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard let first = label.first, let last = label.last, isAlphanumeric(first), isAlphanumeric(last) else {
                return "the bucket '\(bucket)' is no name: letters or digits stand at its ends and beside its dots"
            }
        }
        if labels.count == 4, labels.allSatisfy({ $0.allSatisfy(isDigit) }) {
            return "the bucket '\(bucket)' is no name but an address"
        }
        return nil
    }

    private static func fault(prefix: String) -> String? {
        if prefix.isEmpty { return nil }
        guard prefix.utf8.count <= maximumPrefixByteCount else {
            return "the prefix has \(prefix.utf8.count) bytes: at most \(maximumPrefixByteCount) are possible"
        }
        for part in prefix.split(separator: "/", omittingEmptySubsequences: false) {
            if part.isEmpty { return "the prefix '\(shown(prefix))' has an empty part" }
            if part == "." || part == ".." { return "the prefix '\(shown(prefix))' has the part '\(part)'" }
            guard part.utf8.allSatisfy({ isAlphanumeric($0) || isUpper($0) || safe.contains($0) }) else {
                return
                    "the prefix '\(shown(prefix))' holds what not every store takes: letters, digits and -_.!*'() are safe"
            }
        }
        return nil
    }

    /// Source: "Safe characters" in "Naming Amazon S3 objects".
    private static let safe = Set("-_.!*'()".utf8)

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    /// What was given, cut short and without what a terminal would obey.
    private static func shown(_ text: some StringProtocol) -> String {
        String(
            decoding: text.utf8.prefix(100).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self
        )
    }
}
