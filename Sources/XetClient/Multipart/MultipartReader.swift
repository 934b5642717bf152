package import NIOCore
package import XetCore
package import XetWire

/// Takes the parts of a `multipart/byteranges` body apart, whatever pieces it comes in (RFC 9110, section 14.6).
///
/// The parts have to be the ranges that were asked for, each once, in order. A part ends where its range does, so its
/// content is not searched for delimiters, and is handed on without a copy. Lines end with CRLF.
package struct MultipartReader: RangesReader {
    /// Most bytes before the content of a part: what stands in front of the first delimiter, or a delimiter and headers.
    package static let maximumOverheadByteCount = 8 << 10

    private enum State {
        /// Lines before the first delimiter.
        case preamble
        /// Lines of a part's headers.
        case headers
        /// The content of a part, and how much of it is to come.
        case content(UInt64)
        /// The end of the line that a part's content is on, then the delimiter.
        case contentEnd
        case delimiter
        /// Behind the last delimiter: nothing there has a meaning.
        case ended
    }

    private let ranges: [HTTPByteRange]
    private let delimiter: [UInt8]
    private var state = State.preamble
    /// The line so far, without CRLF.
    private var line: [UInt8] = []
    /// The header field so far; it may go on in the next line.
    private var field: [UInt8] = []
    /// Bytes since the content of the part before.
    private var overhead = 0
    private var part: HTTPByteRange?

    package private(set) var completeCount = 0

    /// `ranges` are ascending and do not overlap: the order of the list, and that of their places, are then one.
    package init(_ ranges: [HTTPByteRange], boundary: MultipartBoundary) {
        self.ranges = ranges
        delimiter = Array("--\(boundary.text)".utf8)
    }

    /// Whether the last delimiter has come; the end of its line may be missing.
    package var isEnded: Bool {
        switch state {
        case .ended: true
        case .delimiter:
            completeCount == ranges.count
                && isLastDelimiter(line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...])
        default: false
        }
    }

    package mutating func next(in piece: inout ByteBuffer) throws(MultipartError) -> RangeSlice? {
        while piece.readableBytes > 0 {
            if case .content(let rest) = state {
                let count = Int(min(rest, UInt64(piece.readableBytes)))
                guard let bytes = piece.readSlice(length: count) else { return nil }
                let slice = RangeSlice(index: completeCount, bytes: bytes)
                if UInt64(count) == rest {
                    completeCount += 1
                    state = .contentEnd
                } else {
                    state = .content(rest - UInt64(count))
                }
                return slice
            }
            if case .ended = state {
                piece.moveReaderIndex(to: piece.writerIndex)
                return nil
            }
            if try takeLine(from: &piece) {
                let complete = line
                line.removeAll(keepingCapacity: true)
                try take(complete)
            }
        }
        return nil
    }

    /// Moves bytes to the line; whether it is complete.
    private mutating func takeLine(from piece: inout ByteBuffer) throws(MultipartError) -> Bool {
        let view = piece.readableBytesView
        let end = view.firstIndex(of: UInt8(ascii: "\n"))
        let bytes = view[..<(end ?? view.endIndex)]
        let count = bytes.count + (end == nil ? 0 : 1)
        guard overhead + count <= Self.maximumOverheadByteCount else {
            throw .tooMuchBeforePart(limit: Self.maximumOverheadByteCount)
        }
        overhead += count
        line += bytes
        piece.moveReaderIndex(forwardBy: count)
        guard end != nil else { return false }
        guard line.last == UInt8(ascii: "\r") else {
            // A line feed by itself ends no line.
            line.append(UInt8(ascii: "\n"))
            return false
        }
        line.removeLast()
        return true
    }

    private mutating func take(_ line: [UInt8]) throws(MultipartError) {
        switch state {
        case .preamble:
            if isDelimiter(line) {
                beginPart()
            } else if isLastDelimiter(line) {
                try end()
            }
        case .headers:
            try takeHeader(line)
        case .contentEnd:
            guard line.isEmpty else { throw .noDelimiter }
            state = .delimiter
        case .delimiter:
            if isDelimiter(line) {
                guard completeCount < ranges.count else { throw .tooManyParts }
                beginPart()
            } else if isLastDelimiter(line) {
                try end()
            } else {
                throw .noDelimiter
            }
        case .content, .ended:
            break
        }
    }

    private mutating func beginPart() {
        state = .headers
        part = nil
        field.removeAll(keepingCapacity: true)
    }

    private mutating func end() throws(MultipartError) {
        guard completeCount == ranges.count else { throw .tooFewParts(missing: ranges.count - completeCount) }
        state = .ended
    }

    /// One line of headers, the empty one that ends them included.
    private mutating func takeHeader(_ line: [UInt8]) throws(MultipartError) {
        if let first = line.first, Self.isBlank(first) {
            guard !field.isEmpty else { throw .malformedHeader }
            // A fold stands for a blank.
            field += [0x20] + Self.trimmed(line[...])
            return
        }
        try takeField()
        guard line.isEmpty else {
            field = line
            return
        }
        guard let part else { throw .noContentRange }
        let expected = ranges[completeCount]
        guard part == expected else { throw .wrongPart(expected: expected, found: part) }
        overhead = 0
        state = .content(part.count)
    }

    /// Reads the header field that has come to its end.
    private mutating func takeField() throws(MultipartError) {
        guard !field.isEmpty else { return }
        guard let colon = field.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { throw .malformedHeader }
        let name = String(decoding: Self.trimmed(field[..<colon]), as: UTF8.self)
        if name.lowercased() == "content-range" {
            let value = String(decoding: Self.trimmed(field[(colon + 1)...]), as: UTF8.self)
            guard part == nil, case .satisfied(let range, _)? = ContentRangeHeader(value) else {
                throw .noContentRange
            }
            part = range
        }
        field.removeAll(keepingCapacity: true)
    }

    /// Whether a line begins a part; blanks may follow.
    private func isDelimiter(_ line: [UInt8]) -> Bool {
        line.starts(with: delimiter) && line.dropFirst(delimiter.count).allSatisfy(Self.isBlank)
    }

    /// Whether a line ends the last part: two dashes more, and blanks.
    private func isLastDelimiter(_ line: some Collection<UInt8>) -> Bool {
        guard line.starts(with: delimiter) else { return false }
        let rest = line.dropFirst(delimiter.count)
        return rest.starts(with: "--".utf8) && rest.dropFirst(2).allSatisfy(Self.isBlank)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return bytes
    }
}
