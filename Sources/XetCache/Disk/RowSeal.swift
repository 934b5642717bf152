import XetCore

/// A CRC-64 of what stands in a row and of what the row is called, behind its bytes: neither rots unseen, nor takes the other's place.
struct RowSeal: Sendable {
    private static let byteCount = 8

    private var name: [UInt8]

    /// The seal of a run's records.
    init(run number: Int64, _ xorb: XorbHash, first: Int64, count: Int64, place: Int64) {
        name = xorb.bytes
        for value in [number, first, count, place] { name.appendLittleEndian(UInt64(bitPattern: value)) }
    }

    /// The seal of terms of a file.
    init(part file: FileHash, first: Int64, last: Int64) {
        name = file.bytes
        for value in [first, last] { name.appendLittleEndian(UInt64(bitPattern: value)) }
    }

    /// The seal of a row with a name of several parts.
    init(_ parts: [[UInt8]]) {
        name = []
        for part in parts {
            name.appendLittleEndian(UInt64(part.count))
            name += part
        }
    }

    func sealed(_ bytes: [UInt8]) -> [UInt8] {
        var sealed = bytes
        sealed.appendLittleEndian(checksum(bytes[...]))
        return sealed
    }

    /// The bytes without the seal; `nil` if it is that of others.
    func opened(_ sealed: [UInt8]) -> [UInt8]? {
        guard sealed.count >= Self.byteCount else { return nil }
        let bytes = sealed.dropLast(Self.byteCount)
        guard sealed.rawSpan.littleEndianUInt64(at: bytes.count) == checksum(bytes) else { return nil }
        return Array(bytes)
    }

    private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var checksum = CRC64(of: name.rawSpan)
        checksum.update(bytes.span.bytes)
        return checksum.value
    }
}
