package import NIOCore

/// Runs tasks on an event loop.
///
/// A task that writes to a connection changes threads for every piece unless it runs where the connection does, and learns
/// too late that the connection takes no more: pieces pile up until it does.
package final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { [self] in
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
