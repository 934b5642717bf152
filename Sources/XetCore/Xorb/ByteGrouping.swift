import CByteGrouping

/// The transform before LZ4 in ``CompressionScheme/byteGroupingLZ4``.
///
/// Bytes at positions 0, 4, 8 and so on come first, then those at 1, 5, 9, and so on; the first `count % 4` groups are
/// one byte longer.
///
/// In C, nearly as fast as a copy: from the same shuffles on Swift's SIMD types the compiler makes code of that speed or
/// of a twentieth of it, depending on what stands around them.
/// Source: draft-denis-xet, "ByteGrouping4LZ4".
@_spi(Kernels) public enum ByteGrouping {
    /// Appends the grouped form of `source`.
    ///
    /// Precondition: `destination` has room for it (checked).
    public static func group(_ source: RawSpan, into destination: inout OutputRawSpan) {
        unsafe append(source, to: &destination) { unsafe cbytegrouping_group($0, $1, $2) }
    }

    /// Appends the original of the grouped bytes `source`.
    ///
    /// Precondition: `destination` has room for it (checked).
    public static func ungroup(_ source: RawSpan, into destination: inout OutputRawSpan) {
        unsafe append(source, to: &destination) { unsafe cbytegrouping_ungroup($0, $1, $2) }
    }

    /// Appends what `kernel` makes of `source`, which is as long.
    private static func append(
        _ source: RawSpan,
        to destination: inout OutputRawSpan,
        _ kernel: (UnsafeRawPointer?, Int, UnsafeMutableRawPointer?) -> Void
    ) {
        precondition(destination.freeCapacity >= source.byteCount)
        unsafe destination.withUnsafeMutableBytes { room, initialized in
            // SAFETY: the room was checked above; source and target cannot overlap, since `destination` is exclusive.
            let target = unsafe room.baseAddress.map { unsafe $0 + initialized }
            unsafe source.withUnsafeBytes { unsafe kernel($0.baseAddress, $0.count, target) }
            initialized += source.byteCount
        }
    }
}
