import NIOCore
import XetLocal

/// A line on standard output for a file, as `--dry-run` prints it: size, what is to be done, path.
enum FileLine {
    static func write(size: UInt64, state: String, path: String) throws {
        let size = "\(size)"
        let blanks = String(repeating: " ", count: max(0, 14 - size.count))
        try Descriptor.standardOutput.write(
            ByteBuffer(string: "\(blanks)\(size)  \(state)  \(DisplayText.escaped(path))\n")
        )
    }
}
