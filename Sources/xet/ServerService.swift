import ArgumentParser
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A server as the command line runs it.
struct ServerService: Service {
    /// What Ctrl-C does.
    enum Interrupt {
        /// The process ends at once.
        case immediate
        /// As SIGTERM: running answers finish, and the command cleans up.
        case graceful
    }

    /// Longest wait for running answers after SIGTERM.
    static let drainDuration = Duration.seconds(30)

    /// Serves; calls the closure with the port once it is bound.
    let serve: @Sendable (_ onReady: @escaping @Sendable (Int) async -> Void) async throws -> Void
    private var onReady: @Sendable (Int) async -> Void = { _ in }

    init(_ serve: @escaping @Sendable (_ onReady: @escaping @Sendable (Int) async -> Void) async throws -> Void) {
        self.serve = serve
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await serve(onReady)
        } onGracefulShutdown: {
            ServiceNotification.stopping(status: "finishing running answers")
        }
    }

    /// Runs until a signal stops it.
    ///
    /// Prints one line to standard error when the server is ready.
    func runUntilStopped(
        name: String,
        host: String,
        port: Int,
        interrupt: Interrupt = .immediate,
        logger: Logger
    ) async throws {
        var service = self
        service.onReady = { port in
            let shown = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
            Descriptor.standardError.print("\(name) ready on http://\(shown):\(port)")
            ServiceNotification.ready(status: "serving on port \(port)")
        }
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [.init(service: service)]
        if interrupt == .immediate { services.append(.init(service: InterruptService())) }
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: interrupt == .graceful ? [.sigterm, .sigint] : [.sigterm],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = Self.drainDuration
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            // Whatever else fails like this belongs to one connection and stays there.
            CommandFailure.print("cannot listen on \(host):\(port): \(Descriptor.text(error.errnoCode))")
            throw ExitCode.failure
        }
    }
}

/// Ends the process on Ctrl-C; the default action would not in a container, where the process is the first.
private struct InterruptService: Service {
    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sigint).cancelOnGracefulShutdown() {
            exit(130)
        }
    }
}
