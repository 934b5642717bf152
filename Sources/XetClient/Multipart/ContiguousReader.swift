import NIOCore
import XetCore

/// Takes ranges out of a body that is one range itself, or the whole.
struct ContiguousReader: RangesReader {
    /// Most bytes that are thrown away for the sake of one request, if the ranges do not have more themselves.
    static let maximumWasteByteCount: UInt64 = 64 << 10

    private let ranges: ArraySlice<HTTPByteRange>
    private var position: UInt64
    private(set) var completeCount = 0

    /// Takes as many of the first ranges as are in `found`, and are worth reading what is between them.
    ///
    /// `ranges` are ascending and do not overlap. `nil` if it is none.
    init?(_ ranges: [HTTPByteRange], in found: HTTPByteRange) {
        var count = 0
        var wanted: UInt64 = 0
        for (index, range) in ranges.enumerated() {
            guard found.first <= range.first, range.last <= found.last else { break }
            wanted += range.count
            let waste = range.last - found.first + 1 - wanted
            if waste <= max(Self.maximumWasteByteCount, wanted) { count = index + 1 }
        }
        guard count > 0 else { return nil }
        self.ranges = ranges[..<count]
        position = found.first
    }

    /// How many ranges there will be.
    var rangeCount: Int { ranges.count }

    mutating func next(in piece: inout ByteBuffer) -> RangeSlice? {
        while piece.readableBytes > 0, completeCount < ranges.count {
            let range = ranges[completeCount]
            if position < range.first {
                let count = min(range.first - position, UInt64(piece.readableBytes))
                piece.moveReaderIndex(forwardBy: Int(count))
                position += count
                continue
            }
            let count = min(range.last - position + 1, UInt64(piece.readableBytes))
            guard let bytes = piece.readSlice(length: Int(count)) else { return nil }
            let slice = RangeSlice(index: completeCount, bytes: bytes)
            position += count
            if position > range.last { completeCount += 1 }
            return slice
        }
        return nil
    }
}
