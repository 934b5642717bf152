import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Standard output and standard error.
struct Descriptor: Sendable {
    /// A write that failed, such as to a closed pipe or a full disk.
    struct WriteError: Error, CustomStringConvertible {
        let code: CInt
        var description: String { Descriptor.text(code) }
    }

    /// What the system says of an error code.
    static func text(_ code: CInt) -> String {
        // SAFETY: `strerror` returns a valid string for any code.
        unsafe String(cString: strerror(code))
    }

    /// What a command produces.
    static let standardOutput = Descriptor(number: STDOUT_FILENO)
    /// What a command tells the person at the shell.
    static let standardError = Descriptor(number: STDERR_FILENO)

    private let number: CInt

    /// Whether a person is looking.
    var isTerminal: Bool { isatty(number) == 1 }

    /// Writes a line for a person; if that fails there is nobody to tell.
    func print(_ text: String, terminator: String = "\n") {
        try? write(ByteBuffer(string: text + terminator))
    }

    /// Writes all bytes.
    func write(_ bytes: ByteBuffer) throws {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            // SAFETY: the pointer is used only during the call, with the length of its own buffer.
            let written = unsafe bytes.withUnsafeReadableBytes { buffer in
                #if canImport(Glibc)
                unsafe Glibc.write(number, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                unsafe Musl.write(number, buffer.baseAddress, buffer.count)
                #else
                unsafe Darwin.write(number, buffer.baseAddress, buffer.count)
                #endif
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw WriteError(code: errno)
            }
            bytes.moveReaderIndex(forwardBy: written)
        }
    }
}
