public import NIOCore
import Synchronization
public import XetAccess
public import XetClient
import XetWire

/// Keeps credentials until shortly before they end, and has them renewed once for all who want them.
public final class S3CredentialCache: Sendable {
    private struct State {
        var current: S3Credentials?
        /// When somebody last asked for credentials, in Unix seconds.
        var lastRequest: Int64?
    }

    /// New ones are asked for so many seconds before the old ones end.
    private static let leadSeconds: Int64 = 300
    /// While there are some that are good, nobody is asked more often.
    private static let pauseSeconds: Int64 = 10

    private let source: any CredentialSource
    private let now: @Sendable () -> HTTPDate
    private let state = Mutex(State())
    private let requests = SharedRequests<Int, Result<S3Credentials, ObjectStoreError>>()

    init(_ source: any CredentialSource, now: @escaping @Sendable () -> HTTPDate = { .now }) {
        self.source = source
        self.now = now
    }

    /// Credentials as the AWS command line finds them: in variables, by web identity, in shared files, from a container's host.
    ///
    /// Those of a machine (IMDS) are not asked for. `region` is the one whose STS is asked, and `timeout` the longest wait
    /// for an answer. `http` has to be one that asks private addresses (`privateUpstreams`), as hosts of containers have
    /// them. Throws `.invalid` for a region that is none.
    public convenience init(
        _ environment: S3Environment,
        region: String?,
        http: UpstreamHTTP,
        timeout: TimeAmount = .seconds(5)
    ) throws(ObjectStoreError) {
        var stsRegion: S3Region?
        if let region { stsRegion = try S3Region(region) }
        let exchange = WebIdentityExchange(http: http, region: stsRegion, timeout: timeout)
        let sources: [any CredentialSource] = [
            VariableCredentials(environment: environment),
            WebIdentityCredentials(environment: environment, exchange: exchange),
            ProfileCredentials(environment: environment, exchange: exchange),
            ContainerCredentials(environment: environment, http: http, timeout: timeout),
        ]
        self.init(CredentialChain(sources: sources))
    }

    /// Credentials that do not change.
    public convenience init(_ credentials: S3Credentials) {
        self.init(GivenCredentials(given: credentials))
    }

    /// Credentials that are good now.
    ///
    /// If new ones cannot be had, the old ones are given as long as they last. Throws ``ObjectStoreError``, `.noCredentials`
    /// if there are none, and `CancellationError`.
    public func credentials() async throws -> S3Credentials {
        if let current = settled() { return current }
        let result = try await load { self.settled() }
        if case .failure = result, let old = usable() { return old }
        return try result.get()
    }

    /// Other credentials for ones that a server refused; `nil` if there are none, or if some were asked for just now.
    ///
    /// Throws `CancellationError`.
    func replacement(for refused: S3Credentials) async throws -> S3Credentials? {
        let current = state.withLock { $0.current }
        if let current, current != refused { return current }
        if isPausing { return nil }
        let result = try await load {
            self.state.withLock { $0.current }.flatMap { $0 == refused ? nil : $0 }
        }
        guard case .success(let other) = result, other != refused else { return nil }
        return other
    }

    // MARK: Asking

    /// What `ready` gives when it is this caller's turn, or else what the source gives.
    private func load(unless ready: () -> S3Credentials?) async throws -> Result<S3Credentials, ObjectStoreError> {
        try await requests.value(for: 0) {
            if let ready = ready() { return .success(ready) }
            let time = now().unixSeconds
            state.withLock { $0.lastRequest = time }
            do {
                let found = try await found()
                state.withLock { $0.current = found }
                return .success(found)
            } catch let error as ObjectStoreError {
                return .failure(error)
            }
        }.value
    }

    private func found() async throws -> S3Credentials {
        guard let found = try await source.credentials() else {
            throw ObjectStoreError(
                .noCredentials,
                "no credentials for the object store; looked for \(source.sought) (not for those of a machine, IMDS)"
            )
        }
        guard isGood(found, forSeconds: 0) else {
            throw ObjectStoreError(
                .noCredentials,
                "the credentials for the object store have ended, by this machine's clock"
            )
        }
        return found
    }

    // MARK: What is there

    /// Credentials for which nobody has to be asked now.
    private func settled() -> S3Credentials? {
        guard let current = usable() else { return nil }
        return isPausing || isGood(current, forSeconds: Self.leadSeconds) ? current : nil
    }

    private func usable() -> S3Credentials? {
        guard let current = state.withLock({ $0.current }), isGood(current, forSeconds: 0) else { return nil }
        return current
    }

    private func isGood(_ credentials: S3Credentials, forSeconds seconds: Int64) -> Bool {
        guard let expiration = credentials.expiration else { return true }
        return now().unixSeconds + seconds < expiration
    }

    private var isPausing: Bool {
        guard let last = state.withLock({ $0.lastRequest }) else { return false }
        return (0..<Self.pauseSeconds).contains(now().unixSeconds - last)
    }
}

/// Credentials that are there already.
private struct GivenCredentials: CredentialSource {
    let given: S3Credentials

    var sought: String { "those that were given" }

    func credentials() async throws -> S3Credentials? { given }
}
