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

    /// A request that somebody waits for.
    private struct Flight {
        let gate = TaskGate()
        var waiterCount = 0
        /// Requests that failed, and how the last of them did.
        var failureCount = 0
        var failure: XetError?
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var flights: [Key: Flight] = [:]
        /// The sum of the entries' bytes.
        var byteCount = 0
    }

    private let upstream: any TokenProvider
    /// Unix seconds.
    private let now: @Sendable () -> UInt64
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
        let flight = join(key)
        defer { leave(key) }
        return try await flight.gate.withTurn {
            if let token = kept(key, refused: refused) { return token }
            if let failure = failure(key, since: flight.failureCount) { throw failure }
            do {
                let token = try await upstream.casToken(for: scope, refused: refused)
                keep(token, key)
                return token
            } catch let error as XetError {
                note(error, key)
                throw error
            }
        }
    }

    /// How many tokens, requests and bytes there are.
    var counts: (entries: Int, flights: Int, bytes: Int) {
        state.withLock { ($0.entries.count, $0.flights.count, $0.byteCount) }
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

    private func join(_ key: Key) -> Flight {
        state.withLock { state in
            var flight = state.flights[key] ?? Flight()
            flight.waiterCount += 1
            state.flights[key] = flight
            return flight
        }
    }

    /// How the request failed that somebody waited for who found `count` failures.
    private func failure(_ key: Key, since count: Int) -> XetError? {
        state.withLock { state in
            guard let flight = state.flights[key], flight.failureCount > count else { return nil }
            return flight.failure
        }
    }

    private func note(_ failure: XetError, _ key: Key) {
        state.withLock { state in
            state.flights[key]?.failureCount += 1
            state.flights[key]?.failure = failure
        }
    }

    private func leave(_ key: Key) {
        state.withLock { state in
            state.flights[key]?.waiterCount -= 1
            if state.flights[key]?.waiterCount == 0 { state.flights[key] = nil }
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
