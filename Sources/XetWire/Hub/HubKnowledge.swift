import XetCore

/// What answers of the Hub's API say of a repository beside what was asked for.
public enum HubKnowledge {
    /// Whom the Hub shows a repository to.
    public struct Visibility: Hashable, Sendable {
        /// Whether only some may see it.
        public let isPrivate: Bool
        /// Whether only some get its files.
        public let isGated: Bool
    }

    /// The commit that an answer about a repository, or a revision of it, is about.
    public static func commit(_ json: [UInt8]) -> String? {
        var commit: String?
        members(json) { name, reader in
            if name == "sha" { commit = try reader.stringIfPresent()?.value }
        }
        return commit.flatMap { isCommit($0) ? $0 : nil }
    }

    /// Whom a repository is shown to, as an answer about it says; `nil` if that does not say both.
    public static func visibility(_ json: [UInt8]) -> Visibility? {
        var (isPrivate, isGated): (Bool?, Bool?)
        members(json) { name, reader in
            guard name == "private" || name == "gated" else { return }
            // `"auto"` and `"manual"` say how access is given; what is no word at all is not taken for no.
            _ = reader.isAtObject()
            let start = reader.offset
            try reader.skip()
            let isSo = !json[start..<reader.offset].elementsEqual("false".utf8)
            if name == "private" { isPrivate = isSo } else { isGated = isSo }
        }
        guard let isPrivate, let isGated else { return nil }
        return Visibility(isPrivate: isPrivate, isGated: isGated)
    }

    /// Which commits the branches and tags of a list stand for, by their names, short and long.
    public static func references(_ json: [UInt8]) -> [String: String] {
        var commits: [String: String] = [:]
        members(json) { _, reader in
            guard reader.isAtArray() else { return }
            try reader.elements { reader in
                guard reader.isAtObject() else { return }
                var (names, commit): ([String], String?) = ([], nil)
                try reader.members { name, reader in
                    switch name {
                    case "name", "ref": if let text = try reader.stringIfPresent() { names.append(text.value) }
                    case "targetCommit": commit = try reader.stringIfPresent()?.value
                    default: break
                    }
                }
                guard let commit, isCommit(commit) else { return }
                for name in names { commits[name] = commit }
            }
        }
        return commits
    }

    /// Whether a text is the name of a commit: 40 hex digits, or 64.
    public static func isCommit(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count) && text.utf8.allSatisfy { $0.hexValue != nil }
    }

    private static func members(_ json: [UInt8], _ member: (String, inout JSONReader) throws -> Void) {
        var reader = JSONReader(json)
        // What is no JSON says nothing.
        try? reader.members(member)
    }
}
