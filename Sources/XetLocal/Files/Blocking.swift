import NIOPosix

/// Calls of the system that may take long: a disk that is busy, a pipe that nobody reads.
package enum Blocking {
    /// Runs `body` where it holds up nobody else; a task that is cancelled before it begins does not run it.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(body)
    }
}
