public import XetAccess

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a process is told of AWS: variables, and the files that they name or that stand in the home folder.
public struct S3Environment: Sendable {
    /// Most bytes of a file; those of configurations are larger than those of tokens.
    static let maximumFileByteCount = 1 << 20

    private let variables: [String: String]
    private let home: String?
    private let file: @Sendable (String) throws(ObjectStoreError) -> [UInt8]?

    /// The variables of a process, and its home folder.
    public init(_ variables: [String: String], home: String? = nil) {
        self.init(variables, home: home) { path throws(ObjectStoreError) in try Self.read(path) }
    }

    /// With files that `file` gives: `nil` for one that is not there.
    init(
        _ variables: [String: String],
        home: String? = nil,
        file: @escaping @Sendable (String) throws(ObjectStoreError) -> [UInt8]?
    ) {
        self.variables = variables
        self.home = home
        self.file = file
    }

    /// A variable without blanks around it; `nil` if nothing is left.
    subscript(name: String) -> String? {
        guard let text = variables[name] else { return nil }
        let value = text.drop(while: \.isWhitespace)
        guard let end = value.lastIndex(where: { !$0.isWhitespace }) else { return nil }
        return String(value[...end])
    }

    /// What a profile is called, and whether somebody chose it.
    var profileName: (name: String, isChosen: Bool) {
        let chosen = self["AWS_PROFILE"] ?? self["AWS_DEFAULT_PROFILE"]
        return (chosen ?? "default", chosen != nil)
    }

    /// The shared files, the one with precedence first; those without a place are left out.
    var profileFiles: [(path: String, kind: ProfileFile.Kind)] {
        let places: [(String?, ProfileFile.Kind)] = [
            (self["AWS_SHARED_CREDENTIALS_FILE"] ?? inHome("credentials"), .credentials),
            (self["AWS_CONFIG_FILE"] ?? inHome("config"), .config),
        ]
        return places.compactMap { path, kind in path.map { ($0, kind) } }
    }

    /// The settings of the profile, of both files.
    ///
    /// `nil` if neither has it. Throws `.noCredentials` if a file cannot be read.
    func profile() throws(ObjectStoreError) -> [String: String]? {
        var settings: [String: String]?
        for (path, kind) in profileFiles {
            guard let bytes = try bytes(of: path),
                let section = ProfileFile(bytes, kind).profiles[profileName.name]
            else { continue }
            settings = section.merging(settings ?? [:]) { _, first in first }
        }
        return settings
    }

    /// The region that requests are signed for, as variables or the profile say it; `nil` if they do not.
    ///
    /// Throws `.noCredentials` if a file cannot be read.
    public func region() throws(ObjectStoreError) -> String? {
        if let region = self["AWS_REGION"] ?? self["AWS_DEFAULT_REGION"] { return region }
        return try profile()?["region"]
    }

    /// The address of S3 in `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, if one is set.
    public var storeEndpoint: String? { self["AWS_ENDPOINT_URL_S3"] ?? self["AWS_ENDPOINT_URL"] }

    /// The bytes of a file; `nil` if it is not there.
    ///
    /// Throws `.noCredentials` if it cannot be read, or has more than `maximumFileByteCount` bytes.
    func bytes(of path: String) throws(ObjectStoreError) -> [UInt8]? {
        guard let bytes = try file(path) else { return nil }
        guard bytes.count <= Self.maximumFileByteCount else {
            throw ObjectStoreError(.noCredentials, "'\(path)' has more than \(Self.maximumFileByteCount >> 10) KiB")
        }
        return bytes
    }

    private func inHome(_ name: String) -> String? { home.map { "\($0)/.aws/\(name)" } }

    private static func read(_ path: String) throws(ObjectStoreError) -> [UInt8]? {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            switch (error as? CocoaError)?.code {
            case .fileReadNoSuchFile?, .fileNoSuchFile?: return nil
            case .fileReadNoPermission?: throw ObjectStoreError(.noCredentials, "'\(path)' may not be read")
            default: throw ObjectStoreError(.noCredentials, "'\(path)' cannot be read")
            }
        }
    }
}
