package import NIOCore

/// Finds ranges in the pieces of a body, one after the other.
package protocol RangesReader {
    /// How many ranges have come whole.
    var completeCount: Int { get }

    /// The next bytes of a range that are in `piece`, which loses them and what is before them; `nil` if it holds none.
    mutating func next(in piece: inout ByteBuffer) throws(MultipartError) -> RangeSlice?
}

/// Bytes of one range.
package struct RangeSlice: Hashable, Sendable {
    /// Which of the ranges.
    package let index: Int
    /// The bytes, which follow those before.
    package let bytes: ByteBuffer
}
