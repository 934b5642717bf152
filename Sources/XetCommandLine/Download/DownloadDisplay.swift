import Synchronization
import XetAccess
import XetClient
import XetLocal

/// Tells the person at the shell how far a download has come, and what it waits for while a server is away.
///
/// On a terminal that is one line. Elsewhere it is nothing but a line when a wait begins, and one when it is over.
final class DownloadDisplay: DownloadObserver {
    /// A download that gets nothing for so long waits; before, it lives on what has come.
    private static let longSilence = Duration.seconds(2)
    /// A server that wants to be left alone for so long makes it wait too.
    private static let longDelay = Duration.seconds(10)

    private struct State {
        /// Whether a download is under way.
        var isActive = false
        var isShown = false
        var count: UInt64 = 0
        var lastDelivery = ContinuousClock.now
        /// What was said to be waited for since bytes came last.
        var named: Set<String> = []
        var verb = ""
    }

    private let isQuiet: Bool
    /// Where it is one of many.
    private let whole: RepositoryDisplay?
    private let state = Mutex(State())
    /// A terminal may take nothing for as long as it likes: who finds somebody drawing draws nothing, and waits for nobody.
    private let bar = Mutex<ProgressBar?>(nil)

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        whole = nil
    }

    /// The display of one of the files that another tells of.
    init(of whole: RepositoryDisplay) {
        isQuiet = true
        self.whole = whole
    }

    /// Bytes that are there, as far as was told.
    var byteCount: UInt64 { state.withLock(\.count) }

    /// A download begins, of which `start` bytes were there before; `isKept` says whether what comes stays if it breaks off.
    func begin(_ label: String, total: UInt64?, start: UInt64, isKept: Bool) {
        // What goes into a pipe or to a terminal has no bar beside it.
        let new = ProgressBar(label, total: total, start: start, isQuiet: isQuiet || !isKept)
        bar.withLock { $0 = new }
        let before = state.withLock { state in
            defer {
                let verb = isKept ? "kept" : "written"
                state = State(isActive: true, isShown: new.isShown, count: start, verb: verb)
            }
            return state.count
        }
        // One that begins anew is counted anew.
        whole?.take(back: before)
        whole?.noteKept(start)
    }

    func advance(to count: UInt64, received: UInt64) {
        let now = ContinuousClock.now
        let (wait, isShown, before) = state.withLock { state in
            let before = state.count
            let wait = state.named.isEmpty ? nil : now - state.lastDelivery
            state.count = count
            state.lastDelivery = now
            state.named = []
            return (wait, state.isShown, before)
        }
        whole?.noteDelivered(count - min(before, count), received: received)
        if isShown {
            _ = bar.withLockIfAvailable { $0?.advance(to: count) }
        } else if let wait {
            tell("going on after \(Int(wait / .seconds(1))) s")
        }
    }

    /// A request failed, and is repeated after `delay`.
    func noteRetry(_ error: XetError, after delay: Duration) {
        guard error.isOutage else { return }
        let server = Self.name(of: error.server)
        let now = ContinuousClock.now
        let said: (there: String, isShown: Bool)? = state.withLock { state in
            guard state.isActive, Self.isWait(since: state.lastDelivery, now, delay),
                state.named.insert(server).inserted
            else { return nil }
            return ("\(ReadableSize.text(state.count)) \(state.verb)", state.isShown)
        }
        guard let (there, isShown) = said else { return }
        let wait = "waiting for \(server)"
        let full = "\(wait)\(Self.reason(error).map { " (\($0))" } ?? ""), \(there)"
        if isShown {
            _ = bar.withLockIfAvailable { $0?.note([full, "\(wait), \(there)", wait, "waiting"]) }
        } else {
            tell(full)
        }
    }

    /// The download is over; its line on the terminal goes.
    func end() {
        state.withLock { $0.isActive = false }
        var last = bar.withLock { $0.take() }
        last?.finish()
    }

    func during<Value: Sendable>(_ work: String, _ body: () async throws -> Value) async throws -> Value {
        try await ProgressBar.during(work, isQuiet: isQuiet, body)
    }

    func noteVerified(_ path: LocalPath, byteCount: UInt64) {
        guard Descriptor.standardError.isTerminal else { return }
        tell("\(path): \(ReadableSize.text(byteCount)), verified")
    }

    func tell(_ text: String) {
        if !isQuiet { Descriptor.standardError.print(text) }
    }

    /// Whether a request that is repeated after `delay` makes the person at the shell wait.
    static func isWait(
        since lastDelivery: ContinuousClock.Instant,
        _ now: ContinuousClock.Instant,
        _ delay: Duration
    ) -> Bool {
        now - lastDelivery >= longSilence || delay >= longDelay
    }

    static func name(of server: UpstreamServer?) -> String {
        switch server?.service {
        case .hub?: "the Hub"
        case .cas?: "the CAS"
        case .cdn?, .store?, nil: DisplayText.escaped(server?.host ?? "a server")
        }
    }

    static func reason(_ error: XetError) -> String? {
        if let status = error.response?.status { return "status \(status)" }
        if error.code == .timedOut { return "no answer" }
        return error.cause.flatMap(ConnectionFailure.reason)
    }
}
