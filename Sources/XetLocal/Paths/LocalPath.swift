#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A path on this machine: bytes, as the system takes them, whether or not they are UTF-8.
package struct LocalPath: Hashable, Sendable {
    /// Without a NUL, which ends a path for the system.
    package let bytes: [UInt8]

    /// Takes the bytes up to a NUL.
    package init(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes.prefix { $0 != 0 })
    }

    /// Takes the UTF-8 of `text`.
    package init(_ text: some StringProtocol) {
        self.init(bytes: text.utf8)
    }

    /// What stands behind the last slash; empty if nothing does.
    package var name: [UInt8] {
        Array(bytes.suffix(from: nameStart))
    }

    /// Where `name` is: what stands before the last slash, `.` if there is none.
    package var folder: LocalPath {
        guard nameStart > 0 else { return LocalPath(".") }
        let end = bytes[..<nameStart].lastIndex { $0 != UInt8(ascii: "/") }
        return end.map { LocalPath(bytes: bytes[...$0]) } ?? LocalPath("/")
    }

    /// Its last part, whatever slashes stand behind it; `nil` if that is no name, as of `.` or `/`, or no UTF-8.
    package var plainName: String? {
        let end = bytes.lastIndex { $0 != UInt8(ascii: "/") }.map { $0 + 1 } ?? 0
        let name = LocalPath(bytes: bytes[..<end]).name
        guard let text = String(validating: name, as: UTF8.self), !["", ".", ".."].contains(text) else { return nil }
        return text
    }

    /// A file beside this one.
    package func beside(_ name: [UInt8]) -> LocalPath {
        LocalPath(bytes: bytes[..<nameStart] + name)
    }

    /// Something in this folder.
    package func appending(_ name: String) -> LocalPath {
        LocalPath(bytes: bytes + [UInt8(ascii: "/")] + Array(name.utf8))
    }

    private var nameStart: Int {
        bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    }

    /// Lends the path as the system takes it.
    @unsafe func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        unsafe Self.withCString(bytes, body)
    }

    /// Lends bytes without a NUL as the system takes them.
    @unsafe static func withCString<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
        return unsafe terminated.withUnsafeBufferPointer { buffer in
            // SAFETY: there is at least the terminating byte, so the buffer has an address.
            unsafe body(buffer.baseAddress.unsafelyUnwrapped)
        }
    }
}

extension LocalPath: CustomStringConvertible {
    /// For a person: quoted, and safe to print on a terminal.
    package var description: String { "'\(DisplayText.escaped(bytes))'" }
}
