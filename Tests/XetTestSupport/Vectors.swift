public import Foundation

/// Files under `Tests/Vectors`.
public enum Vectors {
    /// The folder itself.
    public static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors")

    /// The bytes of one file, by its path below the folder.
    public static func bytes(_ path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: folder.appending(path: path)))
    }

    /// The bytes of one golden file, by its path as `golden.json` gives it.
    public static func golden(_ path: String) throws -> [UInt8] {
        try bytes("golden/\(path)")
    }

    /// Whether the environment asks for the vectors that take long in a debug build.
    public static var includesLarge: Bool {
        ProcessInfo.processInfo.environment["XET_LARGE_VECTORS"] != nil
    }
}

extension [UInt8] {
    /// The bytes that a text of hex digits stands for; `nil` if it is none.
    public init?(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        guard digits.count == hex.count, digits.count.isMultiple(of: 2) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Lower-case hex digits.
    public var hex: String {
        map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}
