import Crypto
import Synchronization
public import XetAccess
import XetCore

/// Keeps CAS tokens until shortly before they end.
///
/// A token serves only the caller, repository and revision it was issued for; callers are told apart by a hash of their
/// token. Requests for the same one at the same time lead to one request.
public final class TokenCache: TokenProvider {
    /// A token is renewed when it has less time left.
    public static let margin: UInt64 = 30
    private static let maximumCount = 4096

    private struct Key: Hashable {
        let repository: Repository
        let revision: String
        let caller: [UInt8]?
    }

    private struct Entry {
        var token: CASToken?
        let gate = TaskGate()
        var lastUse: UInt64
    }

    private let upstream: any TokenProvider
    /// Unix seconds.
    private let now: @Sendable () -> UInt64
    private let entries = Mutex<[Key: Entry]>([:])

    /// Wraps `upstream`; `now` gives Unix seconds.
    public init(_ upstream: any TokenProvider, now: @escaping @Sendable () -> UInt64) {
        self.upstream = upstream
        self.now = now
    }

    public func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken {
        let key = Key(
            repository: scope.repository,
            revision: scope.revision,
            caller: scope.token.map { Array(SHA256.hash(data: Array($0.secret.utf8))) }
        )
        let gate = gate(of: key)
        if let token = kept(key, refused: refused) { return token }
        return try await gate.withTurn {
            if let token = kept(key, refused: refused) { return token }
            let token = try await upstream.casToken(for: scope, refused: refused)
            entries.withLock { $0[key]?.token = token }
            return token
        }
    }

    private func kept(_ key: Key, refused: CASToken?) -> CASToken? {
        let now = now()
        return entries.withLock { entries in
            entries[key]?.lastUse = now
            guard let token = entries[key]?.token, token != refused, token.expiration > now + Self.margin else {
                return nil
            }
            return token
        }
    }

    private func gate(of key: Key) -> TaskGate {
        let now = now()
        return entries.withLock { entries in
            if let entry = entries[key] { return entry.gate }
            if entries.count >= Self.maximumCount {
                Self.dropOldest(&entries)
            }
            let entry = Entry(lastUse: now)
            entries[key] = entry
            return entry.gate
        }
    }

    /// Drops the half that was used longest ago; seldom, so that it costs little on the whole.
    private static func dropOldest(_ entries: inout [Key: Entry]) {
        let oldest = entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(maximumCount / 2)
        for (key, _) in oldest {
            entries[key] = nil
        }
    }
}
