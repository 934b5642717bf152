#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How a chunk's payload is compressed; the raw value is the byte in the chunk header.
///
/// Source: draft-denis-xet, "Compression Schemes". Ids 3 and above are rejected, as the reference client does.
public enum CompressionScheme: UInt8, Hashable, Sendable, CaseIterable {
    /// The payload is the chunk.
    case none = 0
    /// The payload is one LZ4 frame.
    case lz4 = 1
    /// The payload is one LZ4 frame of the chunk after `ByteGrouping`.
    case byteGroupingLZ4 = 2

    /// The name used in listings.
    public var name: String {
        switch self {
        case .none: "none"
        case .lz4: "lz4"
        case .byteGroupingLZ4: "bg4-lz4"
        }
    }

    /// Above this divergence the four byte positions differ enough for grouping to pay.
    private static let groupingThreshold = 0.02

    /// Guesses the better of the two LZ4 schemes for data like `sample`.
    ///
    /// For each byte position modulo 4 it counts how many bytes have 0 ... 8 bits set; if one of the four distributions
    /// lies far enough (Kullback-Leibler) from all of them pooled, the positions mean different things, as in floats.
    public static func predicted(for sample: RawSpan) -> CompressionScheme {
        var totals = [Int](repeating: 0, count: 4 * 9)
        for offset in 0..<sample.byteCount {
            totals[(offset & 3) * 9 + sample.byte(at: offset).nonzeroBitCount] += 1
        }
        let counts = (0..<4).map { position in totals[position * 9..<(position + 1) * 9].map { Double($0) } }
        let pooled = (0..<9).map { bits in 1 + counts.reduce(0) { $0 + $1[bits] } }
        let pooledTotal = pooled.reduce(0, +)
        for position in counts {
            let total = position.reduce(0, +)
            guard total > 0 else { continue }
            var divergence = 0.0
            for bits in 0..<9 where position[bits] > 0 {
                let share = position[bits] / total
                divergence += share * log(share * pooledTotal / pooled[bits])
            }
            if divergence > groupingThreshold {
                return .byteGroupingLZ4
            }
        }
        return .lz4
    }
}
