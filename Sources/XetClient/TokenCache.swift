import Crypto
import Synchronization
public import XetAccess
import XetCore

/// Keeps CAS tokens until shortly before they end, as many as fit a number of bytes.
///
/// A token serves only the caller, repository and revision it was issued for; callers are told apart by a hash of their
/// token. Requests for the same one at the same time lead to one request, and share its failure: nobody waits for the
/// failures of others one after the other. Of a request that fails nothing is kept.
public final class TokenCache: TokenProvider {
    /// A token is renewed when it has less time left.
    public static let margin: UInt64 = 30
    /// Most tokens that are kept.
    static let maximumCount = 4096
    /// About the most bytes that they take.
    static let maximumByteCount = 8 << 20

    private struct Key: Hashable {
        let repository: Repository
        let revision: String
        let caller: [UInt8]?
    }

    private struct Entry {
        let token: CASToken
        /// What it takes, with its key.
        let byteCount: Int
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// The sum of the entries' bytes.
        var byteCount = 0
    }

    private let upstream: any TokenProvider
    /// Unix seconds.
    private let now: @Sendable () -> UInt64
    private let requests = SharedRequests<Key, CASToken>()
    private let state = Mutex(State())

    /// Wraps `upstream`; `now` gives Unix seconds.
    public init(_ upstream: any TokenProvider, now: @escaping @Sendable () -> UInt64) {
        self.upstream = upstream
        self.now = now
    }

    public func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken {
        try scope.check()
        let key = Key(
            repository: scope.repository,
            revision: scope.revision,
            caller: scope.token.map { Array(SHA256.hash(data: Array($0.secret.utf8))) }
        )
        if let token = kept(key, refused: refused) { return token }
        while true {
            let (token, isShared) = try await requests.value(for: key) {
                if let token = kept(key, refused: refused) { return token }
                let token = try await upstream.casToken(for: scope, refused: refused)
                keep(token, key)
                return token
            }
            // Somebody else may have asked before it was refused.
            if !isShared || token != refused { return token }
        }
    }

    /// How many tokens, requests and bytes there are.
    var counts: (entries: Int, flights: Int, bytes: Int) {
        let (entries, bytes) = state.withLock { ($0.entries.count, $0.byteCount) }
        return (entries, requests.count, bytes)
    }

    private func kept(_ key: Key, refused: CASToken?) -> CASToken? {
        let now = now()
        return state.withLock { state in
            state.entries[key]?.lastUse = now
            guard let token = state.entries[key]?.token, token != refused, token.expiration > now + Self.margin else {
                return nil
            }
            return token
        }
    }

    private func keep(_ token: CASToken, _ key: Key) {
        let byteCount =
            key.repository.name.utf8.count + key.revision.utf8.count + token.endpoint.utf8.count
            + token.secret.utf8.count + Self.overheadByteCount
        let entry = Entry(token: token, byteCount: byteCount, lastUse: now())
        state.withLock { state in
            state.byteCount += byteCount - (state.entries.updateValue(entry, forKey: key)?.byteCount ?? 0)
            if state.entries.count > Self.maximumCount || state.byteCount > Self.maximumByteCount {
                Self.dropOldest(&state)
            }
        }
    }

    /// About what a key, its hash of a token, an entry and their places in a table take.
    private static let overheadByteCount = 512

    /// Drops what was used longest ago until half of the room is free; seldom, so that it costs little on the whole.
    private static func dropOldest(_ state: inout State) {
        for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            guard state.entries.count > maximumCount / 2 || state.byteCount > maximumByteCount / 2 else { return }
            state.entries[key] = nil
            state.byteCount -= entry.byteCount
        }
    }
}
