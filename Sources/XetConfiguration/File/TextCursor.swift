/// A place in a text, moved forward byte by byte.
struct TextCursor {
    /// Valid UTF-8 that ends with a line feed, each line end a line feed alone.
    private let bytes: [UInt8]
    private(set) var position = 0
    /// The line of the next byte, from 1.
    private(set) var line = 1

    /// Throws if the text is not UTF-8, or holds control characters other than tabs and line ends.
    init(_ text: [UInt8]) throws(FileError) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var bytes = text.starts(with: mark) ? Array(text.dropFirst(mark.count)) : text
        var count = 0
        for (place, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\r"), place + 1 < bytes.count, bytes[place + 1] == UInt8(ascii: "\n") { continue }
            bytes[count] = byte
            count += 1
        }
        bytes.removeSubrange(count...)
        if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        {
            guard let line = String(validating: line, as: UTF8.self) else {
                throw FileError(line: number + 1, "this is not UTF-8")
            }
            guard line.utf8.allSatisfy({ $0 == UInt8(ascii: "\t") || $0 >= 0x20 && $0 != 0x7F }) else {
                throw FileError(line: number + 1, "a control character")
            }
        }
        self.bytes = bytes
    }

    /// Whether nothing is left.
    var isAtEnd: Bool { position == bytes.count }

    /// The next byte; `nil` at the end.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The byte `distance` beyond the next one.
    func peek(_ distance: Int) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    /// Whether nothing is left of the line.
    var isAtLineEnd: Bool { next == nil || next == UInt8(ascii: "\n") }

    /// Takes the next byte.
    @discardableResult
    mutating func take() -> UInt8? {
        guard let byte = next else { return nil }
        position += 1
        if byte == UInt8(ascii: "\n") { line += 1 }
        return byte
    }

    /// Takes a text if it is next.
    mutating func take(_ text: StaticString) -> Bool {
        let expected = "\(text)".utf8
        guard bytes[position...].starts(with: expected) else { return false }
        for _ in expected { take() }
        return true
    }

    /// Takes as long as the bytes are such.
    mutating func take(while isWanted: (UInt8) -> Bool) -> String {
        let start = position
        while let byte = next, isWanted(byte) { take() }
        return text(start..<position)
    }

    /// Takes blanks, and returns how many.
    @discardableResult
    mutating func takeBlanks() -> Int {
        take { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.utf8.count
    }

    /// Takes what is left of a line but for its end.
    @discardableResult
    mutating func takeRestOfLine() -> String {
        take { $0 != UInt8(ascii: "\n") }
    }

    /// A part of the text; whole characters.
    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// An error at this place.
    func error(_ message: String) -> FileError {
        FileError(line: line, message)
    }
}
