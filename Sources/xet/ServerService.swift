import ArgumentParser
import Logging
import ServiceLifecycle
import UnixSignals

/// A server as the command line runs it.
struct ServerService: Service {
    /// Longest wait for running answers after SIGTERM.
    static let drainDuration = Duration.seconds(30)

    /// Serves; calls the closure with the port once it is bound.
    let serve: @Sendable (_ onReady: @escaping @Sendable (Int) async -> Void) async throws -> Void
    private var onReady: @Sendable (Int) async -> Void = { _ in }

    init(_ serve: @escaping @Sendable (_ onReady: @escaping @Sendable (Int) async -> Void) async throws -> Void) {
        self.serve = serve
    }

    func run() async throws {
        try await serve(onReady)
    }

    /// Runs until SIGTERM, which lets running answers finish, or SIGINT, which does not.
    ///
    /// Prints one line to standard error when the server is ready.
    func runUntilStopped(name: String, host: String, logger: Logger) async throws {
        var service = self
        service.onReady = { port in
            let shown = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
            Descriptor.standardError.print("\(name) ready on http://\(shown):\(port)")
        }
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: service)],
            gracefulShutdownSignals: [.sigterm],
            cancellationSignals: [.sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = Self.drainDuration
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError {
            throw ExitCode(130)
        }
    }
}
