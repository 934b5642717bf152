import NIOCore
import XetLocal

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Standard output, standard error, or another stream that bytes are written to in order.
struct Descriptor: Sendable {
    /// A write that failed, such as to a closed pipe or a full disk.
    struct WriteError: Error, CustomStringConvertible {
        let code: CInt
        /// Whether it was standard output.
        let isStandardOutput: Bool
        var description: String { Descriptor.text(code) }

        /// Whether whoever read the stream has enough.
        var isClosedPipe: Bool { code == EPIPE }
    }

    /// What the system says of an error code.
    static func text(_ code: CInt) -> String {
        SystemCall.text(code)
    }

    /// What a command produces.
    static let standardOutput = Descriptor(number: STDOUT_FILENO)
    /// What a command tells the person at the shell.
    static let standardError = Descriptor(number: STDERR_FILENO)

    private let number: CInt

    init(number: CInt) {
        self.number = number
    }

    /// Whether a person is looking.
    var isTerminal: Bool { isatty(number) == 1 }

    #if canImport(Darwin)
    /// `TIOCGWINSZ`, which Swift does not see.
    private static let windowSizeRequest: UInt = 0x4008_7468
    #else
    private static let windowSizeRequest = UInt(TIOCGWINSZ)
    #endif

    /// Columns of the terminal; `nil` if it is none, or does not tell.
    var columnCount: Int? {
        var size = winsize()
        // SAFETY: the call writes one `winsize`.
        guard unsafe ioctl(number, Self.windowSizeRequest, &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Gives the numbers of the standard streams that are closed to something that cannot be used.
    ///
    /// Otherwise the next socket or file would get one, and what is printed would go into it.
    static func reserveStandardNumbers() {
        for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(number, F_GETFD) < 0 && errno == EBADF {
            // SAFETY: the path is a constant string. The lowest number that is free is the one that was looked at.
            _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Writes a line for a person; if that fails there is nobody to tell.
    func print(_ text: String, terminator: String = "\n") {
        try? write(ByteBuffer(string: text + terminator))
    }

    /// Writes all bytes; blocks the thread until they are taken.
    func write(_ bytes: ByteBuffer) throws(WriteError) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            do throws(SystemCall.Failure) {
                let count = try SystemCall.retrying {
                    // SAFETY: the pointer is used only during the call, with the length of its own buffer.
                    unsafe bytes.withUnsafeReadableBytes { unsafe writeBytes(number, $0.baseAddress, $0.count) }
                }
                bytes.moveReaderIndex(forwardBy: count)
            } catch {
                guard error.code == EAGAIN || error.code == EWOULDBLOCK else {
                    throw WriteError(code: error.code, isStandardOutput: number == STDOUT_FILENO)
                }
                Readiness.wait(for: CInt(POLLOUT), of: number)
            }
        }
    }
}

/// `write`, under a name that no method hides.
@unsafe private func writeBytes(_ number: CInt, _ source: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(number, source, count)
}
