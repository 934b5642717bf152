import FoundationEssentials
import XetAccess

/// A small file that the operator named.
enum OperatorFile {
    /// Shorter tokens could be guessed.
    private static let leastTokenByteCount = 16

    /// Why it cannot be read.
    struct Failure: Error {
        let message: String

        init(_ message: String) {
            self.message = message
        }
    }

    /// The whole file; it may be a pipe.
    static func read(_ path: String, upTo byteCount: Int) throws(Failure) -> [UInt8] {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw Failure("'\(path)' cannot be read\(reason(error))")
        }
        guard bytes.count <= byteCount else { throw Failure("'\(path)' has more than \(byteCount >> 10) KiB") }
        return Array(bytes)
    }

    /// A token alone in a file; line ends at its end do not count.
    static func token(_ path: String) throws(Failure) -> HubToken {
        let bytes = try read(path, upTo: 4096)
        let text = bytes.reversed().drop { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.reversed()
        guard text.count >= leastTokenByteCount else {
            throw Failure("'\(path)' holds \(text.count) bytes; a token has at least \(leastTokenByteCount)")
        }
        guard let token = HubToken(String(decoding: text, as: UTF8.self)) else {
            throw Failure("'\(path)' holds what cannot be sent as a token: printable ASCII without blanks can")
        }
        return token
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile?: ": there is no such file"
        case .fileReadNoPermission?: ": it may not be read"
        default: ""
        }
    }
}
