import XetCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Who may see, read and write which repositories.
///
/// Read from a token file, JSON without other keys than these, all of them optional:
/// ```json
/// {
///   "private": ["models/acme/secret", "datasets/acme/*"],
///   "gated": ["models/acme/gated"],
///   "tokens": {
///     "hf_alice": {"name": "alice", "read": ["models/acme/*"], "write": ["models/alice/*"]},
///     "hf_bob": {"name": "bob"}
///   }
/// }
/// ```
/// Private repositories are shown to those only who may read them. Gated ones are shown to all; their files are given
/// to those who may read them. Everything else is public. To write is to read. Without a token file everything is
/// public, any bearer token is taken, and whoever has one may write.
public struct AccessRules: Sendable {
    /// Someone with a token.
    struct User: Hashable, Sendable {
        let name: String
        let read: [RepositoryPattern]
        let write: [RepositoryPattern]
    }

    private let privates: [RepositoryPattern]
    private let gated: [RepositoryPattern]
    /// `nil` without a token file.
    private let users: [String: User]?

    /// The rules without a token file.
    public static let open = AccessRules()

    private init() {
        privates = []
        gated = []
        users = nil
    }

    /// Reads a token file; throws ``AccessRulesError``.
    public init(json: some Sequence<UInt8>) throws(AccessRulesError) {
        let body: TokenFileBody
        do {
            body = try JSONDecoder().decode(TokenFileBody.self, from: Data(json))
        } catch let error as AccessRulesError {
            throw error
        } catch {
            throw .malformed("\(error)")
        }
        privates = try Self.patterns(body.privates)
        gated = try Self.patterns(body.gated)
        var users: [String: User] = [:]
        for (token, user) in body.tokens {
            guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .invalidToken }
            users[token] = User(
                name: user.name,
                read: try Self.patterns(user.read),
                write: try Self.patterns(user.write)
            )
        }
        self.users = users
    }

    /// Who a bearer token belongs to; `nil` for a token that is not known.
    func caller(_ bearer: String?) -> Caller? {
        guard let bearer else { return .anonymous }
        guard let users else { return bearer.isEmpty ? nil : .user("user") }
        return users[bearer].map { .user($0.name) }
    }

    func isPrivate(_ repository: Repository) -> Bool { Self.any(privates, repository) }

    func isGated(_ repository: Repository) -> Bool { Self.any(gated, repository) }

    /// Whether the caller may know of the repository.
    func maySee(_ repository: Repository, _ caller: Caller) -> Bool {
        !isPrivate(repository) || isGranted(repository, caller)
    }

    /// Whether the caller may have the files of the repository.
    func mayRead(_ repository: Repository, _ caller: Caller) -> Bool {
        (!isPrivate(repository) && !isGated(repository)) || isGranted(repository, caller)
    }

    /// Whether the caller may upload to the repository.
    func mayWrite(_ repository: Repository, _ caller: Caller) -> Bool {
        guard users != nil else { return caller != .anonymous }
        return user(caller).contains { Self.any($0.write, repository) }
    }

    private func isGranted(_ repository: Repository, _ caller: Caller) -> Bool {
        user(caller).contains { Self.any($0.read, repository) || Self.any($0.write, repository) }
    }

    /// The entries under a caller's name: one user may have several tokens, with the rights of all.
    private func user(_ caller: Caller) -> [User] {
        guard case .user(let name) = caller, let users else { return [] }
        return users.values.filter { $0.name == name }
    }

    private static func any(_ patterns: [RepositoryPattern], _ repository: Repository) -> Bool {
        patterns.contains { $0.matches(repository) }
    }

    private static func patterns(_ texts: [String]) throws(AccessRulesError) -> [RepositoryPattern] {
        var patterns: [RepositoryPattern] = []
        for text in texts {
            guard let pattern = RepositoryPattern(text) else { throw .invalidPattern(text) }
            patterns.append(pattern)
        }
        return patterns
    }
}

/// Who asks.
enum Caller: Hashable, Sendable {
    case anonymous
    case user(String)

    /// The name, empty for the anonymous caller.
    var name: String {
        switch self {
        case .anonymous: ""
        case .user(let name): name
        }
    }
}

/// Why a token file cannot be used.
public enum AccessRulesError: Error, Hashable, Sendable {
    /// Not the JSON it should be.
    case malformed(String)
    /// A key that means nothing; a mistyped one would leave open what it should close.
    case unknownKey(String)
    /// Not `models/owner/name` or the like.
    case invalidPattern(String)
    /// A token that cannot stand in a header.
    case invalidToken
    /// A user without a name.
    case emptyName
}
