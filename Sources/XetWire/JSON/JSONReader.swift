/// Reads JSON front to back and says where its values stand, so that some can be replaced and the rest kept as it is.
///
/// What is skipped is not checked any further than to find its end.
package struct JSONReader {
    /// The text is no JSON, or not what was expected at a place.
    package struct Failure: Error, Hashable, CustomStringConvertible {
        /// Offset in bytes.
        package let offset: Int

        package init(offset: Int) {
            self.offset = offset
        }

        package var description: String { "not the expected JSON at byte \(offset)" }
    }

    /// A string and where it stands, quotes included.
    package struct Text: Hashable, Sendable {
        package let value: String
        package let place: Range<Int>
    }

    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Calls `member` with each name of an object; it reads the value, or leaves it to be skipped.
    package mutating func members(_ member: (String, inout JSONReader) throws -> Void) throws {
        try expect(UInt8(ascii: "{"))
        if next() == UInt8(ascii: "}") {
            position += 1
            return
        }
        while true {
            let name = try string().value
            try expect(UInt8(ascii: ":"))
            let start = position
            try member(name, &self)
            if position == start { try skip() }
            guard try continues(until: UInt8(ascii: "}")) else { return }
        }
    }

    /// Calls `element` at each element of an array; it reads the value, or leaves it to be skipped.
    package mutating func elements(_ element: (inout JSONReader) throws -> Void) throws {
        try expect(UInt8(ascii: "["))
        if next() == UInt8(ascii: "]") {
            position += 1
            return
        }
        while true {
            let start = position
            try element(&self)
            if position == start { try skip() }
            guard try continues(until: UInt8(ascii: "]")) else { return }
        }
    }

    /// Reads a string.
    package mutating func string() throws -> Text {
        _ = next()
        let place = try stringPlace()
        let raw = bytes[place.dropFirst().dropLast()]
        let value = raw.contains(UInt8(ascii: "\\")) ? try Self.unescape(raw) : String(validating: raw, as: UTF8.self)
        guard let value else { throw Failure(offset: place.lowerBound) }
        return Text(value: value, place: place)
    }

    /// Reads a string; skips any other value.
    package mutating func stringIfPresent() throws -> Text? {
        if next() == UInt8(ascii: "\"") { return try string() }
        try skip()
        return nil
    }

    /// Reads a whole number that is not negative.
    package mutating func number() throws -> UInt64 {
        _ = next()
        let start = position
        var value: UInt64 = 0
        while position < bytes.count, let digit = Self.digit(bytes[position]) {
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isStillTooLarge) = product.addingReportingOverflow(digit)
            guard !isTooLarge, !isStillTooLarge else { throw Failure(offset: start) }
            value = sum
            position += 1
        }
        guard position > start else { throw Failure(offset: start) }
        return value
    }

    /// Goes behind the next value if it is `null`.
    package mutating func skipNull() throws -> Bool {
        guard next() == UInt8(ascii: "n") else { return false }
        try skip()
        return true
    }

    /// Where it stands: behind the last value, or at the next one once that was looked at.
    package var offset: Int { position }

    /// Whether the next value is an object.
    package mutating func isAtObject() -> Bool { next() == UInt8(ascii: "{") }

    /// Whether the next value is an array.
    package mutating func isAtArray() -> Bool { next() == UInt8(ascii: "[") }

    /// Goes behind the next value, whatever it is.
    package mutating func skip() throws {
        var depth = 0
        repeat {
            guard let byte = next() else { throw Failure(offset: position) }
            switch byte {
            case UInt8(ascii: "\""):
                _ = try stringPlace()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
                guard depth >= 0 else { throw Failure(offset: position) }
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { throw Failure(offset: position) }
                position += 1
            default:
                try skipWord()
            }
        } while depth > 0
    }

    /// Throws unless nothing but blanks is left.
    package mutating func end() throws {
        guard next() == nil else { throw Failure(offset: position) }
    }

    // MARK: Bytes

    /// The next byte that is no blank; `nil` at the end.
    private mutating func next() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    private mutating func expect(_ byte: UInt8) throws {
        guard next() == byte else { throw Failure(offset: position) }
        position += 1
    }

    /// Whether a comma follows, not the end of the object or array.
    private mutating func continues(until end: UInt8) throws -> Bool {
        let byte = next()
        guard byte == end || byte == UInt8(ascii: ",") else { throw Failure(offset: position) }
        position += 1
        return byte != end
    }

    private mutating func stringPlace() throws -> Range<Int> {
        let start = position
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw Failure(offset: start) }
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return start..<position
            case UInt8(ascii: "\\"):
                position += 2
            default:
                position += 1
            }
        }
        throw Failure(offset: start)
    }

    /// A number, `true`, `false` or `null`.
    private mutating func skipWord() throws {
        let start = position
        while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
        guard position > start else { throw Failure(offset: start) }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? UInt64(byte - UInt8(ascii: "0")) : nil
    }
}
