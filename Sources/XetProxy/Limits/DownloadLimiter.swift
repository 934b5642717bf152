import Synchronization

/// Counts the downloads that run, in all and for each client.
///
/// A token is only a claim until the Hub has accepted it. Until then a request counts for the address that it comes from, and one
/// address may have a part of all places for such requests: made-up tokens can neither multiply what one client may have,
/// nor keep everybody else out while the Hub is asked about them.
final class DownloadLimiter: Sendable {
    /// What is full.
    enum Refusal: String, Error, Equatable {
        /// All clients together have as many as there may be.
        case downloads
        /// This client has.
        case downloadsPerClient = "downloads_per_client"
        /// This address has as many requests about which the Hub has said nothing yet.
        case unaccepted = "unaccepted_downloads"
    }

    /// Tokens that are remembered; one that is forgotten has to be accepted again, which is all.
    static let maximumAcceptedCount = 4096

    private struct State {
        var count = 0
        /// Clients that have any.
        var counts: [ClientKey: Int] = [:]
        /// Addresses with requests that are not accepted.
        var unaccepted: [ClientKey: Int] = [:]
        var accepted: Set<CallerMark> = []
        /// The same in a ring, the oldest at `oldest`.
        var order: [CallerMark] = []
        var oldest = 0
    }

    private let most: Int
    private let mostPerClient: Int
    private let mostUnaccepted: Int
    private let state = Mutex(State())

    /// 0 means no limit.
    init(most: Int, mostPerClient: Int) {
        self.most = most
        self.mostPerClient = mostPerClient
        mostUnaccepted = most > 0 ? max(4, most / 4) : 0
    }

    /// How many run.
    var count: Int { state.withLock { $0.count } }

    /// A place for one more, until it is given back or forgotten.
    func admit(_ client: DownloadClient) throws(Refusal) -> DownloadPlace {
        let outcome = state.withLock { state -> Result<DownloadPlace.Hold, Refusal> in
            let hold = DownloadPlace.Hold(client, isKnown: client.caller.map { state.accepted.contains($0) } ?? false)
            // A client that has too many is told so even when others fill the rest.
            if mostPerClient > 0, state.counts[hold.key] ?? 0 >= mostPerClient { return .failure(.downloadsPerClient) }
            if most > 0, state.count >= most { return .failure(.downloads) }
            if hold.isUnaccepted, mostUnaccepted > 0, state.unaccepted[client.address] ?? 0 >= mostUnaccepted {
                return .failure(.unaccepted)
            }
            state.count += 1
            state.counts[hold.key, default: 0] += 1
            if hold.isUnaccepted { state.unaccepted[client.address, default: 0] += 1 }
            return .success(hold)
        }
        return DownloadPlace(try outcome.get(), of: self)
    }

    /// The Hub has accepted what a place is for: it counts for the token from now on, which may have too many already.
    func accept(_ hold: DownloadPlace.Hold) throws(Refusal) -> DownloadPlace.Hold {
        guard hold.isUnaccepted else { return hold }
        let outcome = state.withLock { state -> Result<DownloadPlace.Hold, Refusal> in
            var accepted = hold
            accepted.isUnaccepted = false
            if let caller = hold.client.caller {
                remember(caller, &state)
                accepted.key = .token(caller)
                if mostPerClient > 0, state.counts[accepted.key] ?? 0 >= mostPerClient {
                    return .failure(.downloadsPerClient)
                }
            }
            Self.subtract(hold.client.address, &state.unaccepted)
            Self.subtract(hold.key, &state.counts)
            state.counts[accepted.key, default: 0] += 1
            return .success(accepted)
        }
        return try outcome.get()
    }

    func giveBack(_ hold: DownloadPlace.Hold) {
        state.withLock { state in
            state.count -= 1
            Self.subtract(hold.key, &state.counts)
            if hold.isUnaccepted { Self.subtract(hold.client.address, &state.unaccepted) }
        }
    }

    private func remember(_ caller: CallerMark, _ state: inout State) {
        guard state.accepted.insert(caller).inserted else { return }
        guard state.order.count == Self.maximumAcceptedCount else { return state.order.append(caller) }
        state.accepted.remove(state.order[state.oldest])
        state.order[state.oldest] = caller
        state.oldest = (state.oldest + 1) % Self.maximumAcceptedCount
    }

    private static func subtract(_ key: ClientKey, _ counts: inout [ClientKey: Int]) {
        guard let count = counts[key] else { return }
        counts[key] = count > 1 ? count - 1 : nil
    }
}
