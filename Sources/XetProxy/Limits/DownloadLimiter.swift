import Synchronization

/// Counts the downloads that run, in all and for each client.
final class DownloadLimiter: Sendable {
    /// What is full.
    enum Refusal: String, Error, Equatable {
        /// All clients together have as many as there may be.
        case downloads
        /// This client has.
        case downloadsPerClient = "downloads_per_client"
    }

    private struct State {
        var count = 0
        /// Clients that have any.
        var counts: [ClientKey: Int] = [:]
    }

    private let most: Int
    private let mostPerClient: Int
    private let state = Mutex(State())

    /// 0 means no limit.
    init(most: Int, mostPerClient: Int) {
        self.most = most
        self.mostPerClient = mostPerClient
    }

    /// How many run.
    var count: Int { state.withLock { $0.count } }

    /// A place for one more, until it is given back or forgotten.
    func admit(_ client: ClientKey) throws(Refusal) -> DownloadPlace {
        let outcome = state.withLock { state -> Result<Void, Refusal> in
            let ownCount = state.counts[client] ?? 0
            // A client that has too many is told so even when others fill the rest.
            if mostPerClient > 0, ownCount >= mostPerClient { return .failure(.downloadsPerClient) }
            if most > 0, state.count >= most { return .failure(.downloads) }
            state.count += 1
            if mostPerClient > 0 { state.counts[client] = ownCount + 1 }
            return .success(())
        }
        try outcome.get()
        return DownloadPlace { [self] in giveBack(client) }
    }

    private func giveBack(_ client: ClientKey) {
        state.withLock { state in
            state.count -= 1
            guard let count = state.counts[client] else { return }
            state.counts[client] = count > 1 ? count - 1 : nil
        }
    }
}
