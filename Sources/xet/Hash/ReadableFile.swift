import XetCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is open for reading, by several tasks at once.
///
/// Its calls block the thread, as little as the page cache allows.
final class ReadableFile: Sendable {
    /// What the system refused.
    struct Failure: Error, CustomStringConvertible {
        let code: CInt
        var description: String { Descriptor.text(code) }
    }

    private let number: CInt
    /// Length of what has one; `nil` for what only its end tells the length of: pipes, terminals, and files that the
    /// kernel makes up, whose length it gives as 0.
    let byteCount: UInt64?

    init(path: String) throws(Failure) {
        number = try Self.retrying { unsafe open(path, O_RDONLY | O_CLOEXEC) }
        let end = lseek(number, 0, SEEK_END)
        byteCount = end > 0 ? UInt64(end) : nil
        if end > 0 { lseek(number, 0, SEEK_SET) }
    }

    deinit {
        close(number)
    }

    /// Appends the bytes from `offset` on until `output` is full or the file ends.
    func read(at offset: UInt64, into output: inout OutputRawSpan) throws(Failure) {
        let start = output.byteCount
        try unsafe fill(&output) { target, count, filled in
            unsafe pread(number, target, count, off_t(offset) + off_t(filled - start))
        }
    }

    /// Appends the next bytes until `output` is full or the file ends.
    func readNext(into output: inout OutputRawSpan) throws(Failure) {
        try unsafe fill(&output) { target, count, _ in unsafe readBytes(number, target, count) }
    }

    /// Calls `read` until there is no room left or nothing comes.
    private func fill(
        _ output: inout OutputRawSpan,
        _ read: (_ target: UnsafeMutableRawPointer, _ count: Int, _ filled: Int) -> Int
    ) throws(Failure) {
        var isAtEnd = false
        while output.freeCapacity > 0 && !isAtEnd {
            let count = try unsafe output.withUnsafeMutableBytes { (room, initialized) throws(Failure) in
                guard let start = room.baseAddress else { return 0 }
                // SAFETY: the system writes at most into the room behind what is initialized.
                let count = try Self.retrying {
                    unsafe read(start + initialized, room.count - initialized, initialized)
                }
                initialized += count
                return count
            }
            isAtEnd = count == 0
        }
    }

    /// Repeats a call that a signal interrupted.
    private static func retrying<Result: BinaryInteger>(_ call: () -> Result) throws(Failure) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            guard code == EINTR else { throw Failure(code: code) }
        }
    }
}

/// `read`, under a name that no method hides.
@unsafe private func readBytes(_ number: CInt, _ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
    unsafe read(number, target, count)
}
