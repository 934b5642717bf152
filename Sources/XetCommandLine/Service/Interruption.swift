import UnixSignals
import XetLocal

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What Ctrl-C and SIGTERM do to a command that has something to put in order first.
enum Interruption {
    /// The command was told to end, and did.
    struct Interrupted: Error {
        let signal: UnixSignal
        /// As a shell counts it.
        var exitStatus: CInt { 128 + signal.rawValue }

        /// Ends the process by the signal, if it was Ctrl-C on a terminal.
        ///
        /// A shell that waits there goes by that: after a mere exit status it would go on with its loop or script.
        func endIfOnTerminal() {
            if signal == .sigint, Interruption.isInForeground { Interruption.endProcess(by: SIGINT) }
        }
    }

    private enum Event {
        case finished
        case received(UnixSignal)
        case nothing
    }

    /// Runs `body`, and cancels it at the first signal; a second one ends the process at once.
    ///
    /// Once it has ended, ``Interrupted`` is thrown; `describe` gets that and what `body` threw. Signals that the process was
    /// started to ignore, as in the background of a script, stay ignored.
    static func handling(
        _ body: @escaping @Sendable () async throws -> Void,
        describe: (_ interruption: Interrupted, _ failure: any Error) -> any Error
    ) async throws {
        let received = await UnixSignalsSequence(trapping: [.sigint, .sigterm].filter { !isIgnored($0) })
        try await withThrowingTaskGroup(of: Event.self) { tasks in
            tasks.addTask {
                for await caught in received { return .received(caught) }
                return .nothing
            }
            tasks.addTask {
                try await body()
                return .finished
            }
            var interruption: Interrupted?
            do {
                while let event = try await tasks.next() {
                    switch event {
                    case .received(let caught):
                        interruption = Interrupted(signal: caught)
                        signal(caught.rawValue, SIG_DFL)
                        tasks.cancelAll()
                    case .finished:
                        tasks.cancelAll()
                    case .nothing:
                        break
                    }
                }
            } catch {
                tasks.cancelAll()
                throw interruption.map { describe($0, error) } ?? error
            }
        }
    }

    /// Ends the process by a signal, as if nothing had ever been done about it.
    static func endProcess(by number: CInt) -> Never {
        // The threads of the runtime hold signals back.
        var signals = sigset_t()
        // SAFETY: the calls write and read one `sigset_t`.
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        signal(number, SIG_DFL)
        raise(number)
        // Not reached, unless the signal does not end processes.
        exit(128 + number)
    }

    /// Whether what is typed on the terminal of this session, if it has one, is meant for this process.
    private static var isInForeground: Bool {
        guard let terminal = try? OpenFile(LocalPath("/dev/tty"), flags: O_RDONLY | O_NOCTTY, operation: .open) else {
            return false
        }
        return tcgetpgrp(terminal.number) == getpgrp()
    }

    private static func isIgnored(_ signal: UnixSignal) -> Bool {
        var action = sigaction()
        // SAFETY: the call writes one `sigaction`.
        guard unsafe sigaction(signal.rawValue, nil, &action) == 0 else { return false }
        #if canImport(Glibc)
        let handler = unsafe action.__sigaction_handler.sa_handler
        #elseif canImport(Musl)
        let handler = unsafe action.__sa_handler.sa_handler
        #else
        let handler = unsafe action.__sigaction_u.__sa_handler
        #endif
        // SAFETY: the value is compared, not called; functions for C are pointers.
        let (found, ignored) = unsafe (unsafeBitCast(handler, to: Int.self), unsafeBitCast(SIG_IGN, to: Int.self))
        return found == ignored
    }
}
