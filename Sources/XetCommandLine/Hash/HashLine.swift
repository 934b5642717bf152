import NIOCore
import XetCore
import XetLocal

/// A line of `xet hash`, in the form that `sha256sum` has made known.
struct HashLine: Sendable {
    let hash: FileHash
    let path: LocalPath

    /// The bytes of the name as they are; one that would break the line is escaped, and a backslash in front tells.
    var bytes: ByteBuffer {
        var name: [UInt8] = []
        for byte in path.bytes {
            switch byte {
            case UInt8(ascii: "\\"): name += Array("\\\\".utf8)
            case UInt8(ascii: "\n"): name += Array("\\n".utf8)
            case UInt8(ascii: "\r"): name += Array("\\r".utf8)
            default: name.append(byte)
            }
        }
        let mark = name == path.bytes ? "" : "\\"
        return ByteBuffer(bytes: Array("\(mark)\(hash)  ".utf8) + name + [UInt8(ascii: "\n")])
    }

    /// What a terminal can show without harm.
    var text: String {
        "\(hash)  \(DisplayText.escaped(path.bytes))"
    }
}

extension ReadableFile {
    /// Opens what an argument names; `-` is standard input.
    convenience init(argument path: LocalPath) throws(LocalFileError) {
        if path == LocalPath("-") {
            try self.init(standardInputAs: LocalPath("standard input"))
        } else {
            try self.init(path: path)
        }
    }
}
