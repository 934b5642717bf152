/// The transform before LZ4 in ``CompressionScheme/byteGroupingLZ4``.
///
/// Bytes at positions 0, 4, 8 and so on come first, then those at 1, 5, 9, and so on; the first `count % 4` groups are
/// one byte longer.
///
/// Source: draft-denis-xet, "ByteGrouping4LZ4".
enum ByteGrouping {
    /// Writes the grouped form of `source`.
    static func group(_ source: RawSpan, into destination: inout [UInt8]) {
        destination.removeAll(keepingCapacity: true)
        destination.reserveCapacity(source.byteCount)
        for group in 0..<4 {
            for offset in stride(from: group, to: source.byteCount, by: 4) {
                destination.append(source.byte(at: offset))
            }
        }
    }

    /// Appends the original of the grouped bytes `source`; `destination` must have room for them (checked).
    static func ungroup(_ source: RawSpan, into destination: inout OutputRawSpan) {
        let count = source.byteCount
        precondition(destination.freeCapacity >= count)
        let whole = count / 4
        let longer = count % 4
        let start1 = whole + (longer > 0 ? 1 : 0)
        let start2 = start1 + whole + (longer > 1 ? 1 : 0)
        let start3 = start2 + whole + (longer > 2 ? 1 : 0)
        for index in 0..<whole {
            let word =
                UInt32(source.byte(at: index)) | UInt32(source.byte(at: start1 + index)) << 8
                | UInt32(source.byte(at: start2 + index)) << 16 | UInt32(source.byte(at: start3 + index)) << 24
            // SAFETY: the free capacity was checked above for all `count` bytes.
            unsafe destination.append(word.littleEndian, as: UInt32.self)
        }
        for start in [0, start1, start2].prefix(longer) {
            destination.append(source.byte(at: start + whole))
        }
    }
}
