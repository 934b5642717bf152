import NIOCore
import Synchronization

/// Lines that come in any order and are printed in that of their numbers, each as soon as all before it are there.
final class OrderedLines: Sendable {
    enum Line: Sendable {
        /// For standard output.
        case result(HashLine)
        /// For standard error.
        case failure(String)
    }

    private struct State {
        var next = 0
        var waiting: [Int: Line] = [:]
        var hasFailed = false
    }

    private let state = Mutex(State())

    /// Whether one of the lines is a failure.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    /// Takes line `number`, from 0; throws when standard output cannot be written.
    func put(_ line: Line, number: Int) throws {
        try state.withLock { state in
            state.waiting[number] = line
            while let line = state.waiting.removeValue(forKey: state.next) {
                state.next += 1
                switch line {
                case .result(let line):
                    let output = Descriptor.standardOutput
                    try output.write(output.isTerminal ? ByteBuffer(string: line.text + "\n") : line.bytes)
                case .failure(let text):
                    CommandFailure.print(text)
                    state.hasFailed = true
                }
            }
        }
    }
}
