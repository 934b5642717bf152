extension StringProtocol {
    /// The parts between ASCII separators, empty ones included.
    ///
    /// Works on bytes: a separator followed by a combining mark is one `Character` with it, and a split by characters
    /// would not see it.
    package func segments(separatedBy separator: Unicode.Scalar) -> [String] {
        utf8.split(separator: UInt8(ascii: separator), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Whether every byte is ASCII, so that characters and bytes are the same.
    package var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }
}
