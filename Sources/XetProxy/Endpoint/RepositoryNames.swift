import NIOCore
import XetCore
import XetWire

/// Requests whose body names repositories besides the one of the path.
enum RepositoryCopy: Hashable, Sendable {
    /// `POST /api/buckets/{bucket}/batch`: lines of JSON, some of which copy a file from another repository.
    case bucketBatch
    /// `POST /api/{kind}/{repository}/duplicate`: the name of the new one.
    case duplicate
}

/// Finds the repositories that the body of a request names; `nil` where nobody can tell which they are.
enum RepositoryNames {
    /// Most bytes of a body that is looked at: 1,000 operations with long paths.
    static let maximumByteCount = 2 << 20

    /// The repositories of a request to `/api/repos/`.
    static func inRepositoryRequest(_ json: [UInt8]) -> [Repository]? {
        guard let fields = fields(json, ["type", "name", "organization", "fromRepo", "toRepo"]) else { return nil }
        var names = [fields["fromRepo"], fields["toRepo"]].compactMap(\.self)
        if let name = fields["name"] { names.append(fields["organization"].map { "\($0)/\(name)" } ?? name) }
        return repositories(names, kind: fields["type"] ?? "model")
    }

    /// The repositories that something is copied from or to.
    static func inCopy(_ copy: RepositoryCopy, _ body: [UInt8], of repository: Repository?) -> [Repository]? {
        switch copy {
        case .duplicate:
            guard let repository, let fields = fields(body, ["repository"]), let name = fields["repository"] else {
                return nil
            }
            return repositories([name], kind: repository.kind.rawValue)
        case .bucketBatch:
            var sources: Set<Repository> = []
            for line in body.split(separator: UInt8(ascii: "\n")) where !line.allSatisfy(isBlank) {
                guard let fields = fields(Array(line), ["sourceRepoType", "sourceRepoId"]) else { return nil }
                guard !fields.isEmpty else { continue }
                guard let kind = fields["sourceRepoType"], let name = fields["sourceRepoId"],
                    let found = repositories([name], kind: kind)
                else { return nil }
                sources.formUnion(found)
            }
            return Array(sources)
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    /// The fields of these names in an object; `nil` if it is none, or if one is there twice or is no text.
    private static func fields(_ json: [UInt8], _ names: Set<String>) -> [String: String]? {
        var reader = JSONReader(json)
        var fields: [String: String] = [:]
        var seen: Set<String> = []
        do {
            try reader.members { name, reader in
                guard names.contains(name) else { return }
                // The Hub might read another one of two.
                guard seen.insert(name).inserted else { throw JSONReader.Failure(offset: 0) }
                if try reader.skipNull() { return }
                fields[name] = try reader.string().value
            }
            try reader.end()
        } catch {
            return nil
        }
        return fields
    }

    /// `nil` unless there are names, all with an owner: without one it would be the caller's, whom only the Hub knows.
    private static func repositories(_ names: [String], kind: String) -> [Repository]? {
        guard let kind = RepositoryKind(name: kind), !names.isEmpty else { return nil }
        var repositories: [Repository] = []
        for name in names {
            guard name.utf8.contains(UInt8(ascii: "/")), !name.lowercased().hasPrefix("me/"),
                let repository = Repository(kind: kind, name: name)
            else { return nil }
            repositories.append(repository)
        }
        return repositories
    }
}
