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

    /// What else the process does when it is told to.
    struct Control: Sendable {
        /// What Ctrl-C does.
        var interrupt = Interrupt.immediate
        /// How long the server takes at most to finish once it is told to stop.
        var drainDuration = Duration.seconds(30)
        /// What SIGHUP does; without it the signal ends the process.
        var onReload: (@Sendable () async -> Void)?
    }

    /// How much longer than it means to the server may take to stop.
    private static let grace = Duration.seconds(5)

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

    /// Runs until a signal stops it: SIGTERM lets running answers finish, a second signal does not.
    ///
    /// `announce` gets the address as it is bound, when the server is ready.
    func runUntilStopped(
        host: String,
        port: Int,
        scheme: String = "http",
        control: Control = Control(),
        logger: Logger,
        announce: @escaping @Sendable (_ address: String) -> Void
    ) async throws {
        OpenFileLimit.raise()
        var service = self
        service.onReady = { port in
            announce("\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)")
            ServiceNotification.ready(status: "serving on port \(port)")
        }
        var configuration = ServiceGroupConfiguration(services: [.init(service: service)], logger: logger)
        configuration.maximumGracefulShutdownDuration = control.drainDuration + Self.grace
        let group = ServiceGroup(configuration: configuration)
        do {
            try await Self.run(group, control)
        } catch let error as IOError {
            // Whatever else fails like this belongs to one connection and stays there.
            CommandFailure.print("cannot listen on \(host):\(port): \(Descriptor.text(error.errnoCode))")
            throw ExitCode.failure
        }
    }

    private static func run(_ group: ServiceGroup, _ control: Control) async throws {
        // The default action of these signals would not do in a container, where the process is the first.
        var signals: [UnixSignal] = [.sigterm, .sigint]
        if control.onReload != nil { signals.append(.sighup) }
        let received = await UnixSignalsSequence(trapping: signals)
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                var isStopping = false
                for await signal in received {
                    if signal == .sighup {
                        ServiceNotification.reloading()
                        await control.onReload?()
                        ServiceNotification.ready(status: "serving")
                    } else if isStopping || (signal == .sigint && control.interrupt == .immediate) {
                        exit(signal == .sigint ? 130 : 143)
                    } else {
                        isStopping = true
                        await group.triggerGracefulShutdown()
                    }
                }
                return false
            }
            tasks.addTask {
                try await group.run()
                return true
            }
            while let isOver = try await tasks.next(), !isOver {}
            tasks.cancelAll()
        }
    }
}
