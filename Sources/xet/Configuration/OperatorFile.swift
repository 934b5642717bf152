import FoundationEssentials

/// A small file that the operator named.
enum OperatorFile {
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

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile?: ": there is no such file"
        case .fileReadNoPermission?: ": it may not be read"
        default: ""
        }
    }
}
