import XetAccess
import XetCore

/// The records of a run as they stand in the index, in front of their ``RowSeal``: 47 bytes for each chunk.
///
/// | bytes | |
/// | --: | --- |
/// | 3 | serialized length, little-endian like all numbers |
/// | 3 | unpacked length |
/// | 8 | CRC-64 of the serialized bytes |
/// | 1 | 0: nothing else is known; 1: the hash is; 2: and it is proven |
/// | 32 | the hash, or zeros |
enum RecordCoding {
    static let byteCount = 47

    static func bytes(of records: [ChunkRecord]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.count * byteCount)
        for record in records {
            bytes.appendLittleEndianUInt24(record.serializedByteCount)
            bytes.appendLittleEndianUInt24(record.unpackedByteCount)
            bytes.appendLittleEndian(record.checksum)
            bytes.append(record.hash == nil ? 0 : record.isProven ? 2 : 1)
            let words = record.hash?.words ?? (0, 0, 0, 0)
            for word in [words.0, words.1, words.2, words.3] { bytes.appendLittleEndian(word) }
        }
        return bytes
    }

    /// `nil` unless there are `count` records that chunks can have.
    static func records(in bytes: [UInt8], count: Int) -> [ChunkRecord]? {
        guard bytes.count == count * byteCount else { return nil }
        let span = bytes.rawSpan
        var records: [ChunkRecord] = []
        records.reserveCapacity(count)
        for start in stride(from: 0, to: bytes.count, by: byteCount) {
            let serialized = span.littleEndianUInt24(at: start)
            let unpacked = span.littleEndianUInt24(at: start + 3)
            let state = bytes[start + 14]
            let hash = ChunkHash(bytes: span.extracting(start + 15..<start + byteCount))
            guard state <= 2, unpacked <= ChunkHeader.maximumUnpackedByteCount,
                (ChunkHeader.byteCount...ChunkHeader.byteCount + ChunkHeader.maximumPackedByteCount).contains(
                    serialized
                )
            else { return nil }
            records.append(
                ChunkRecord(
                    serializedByteCount: serialized,
                    unpackedByteCount: unpacked,
                    checksum: span.littleEndianUInt64(at: start + 6),
                    hash: state == 0 ? nil : hash,
                    isProven: state == 2
                )
            )
        }
        return records
    }
}

/// The terms of a part of a file as they stand in the index, in front of their ``RowSeal``: 44 bytes for each.
///
/// | bytes | |
/// | --: | --- |
/// | 32 | the xorb |
/// | 4, 4 | first chunk, chunk after the last |
/// | 4 | unpacked length |
enum TermCoding {
    static let byteCount = 44

    /// `nil` if a term has more chunks or bytes than fit.
    static func bytes(of terms: [Term]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(terms.count * byteCount)
        for term in terms {
            let numbers = [term.chunks.start, term.chunks.end, term.unpackedByteCount].map { UInt32(exactly: $0) }
            bytes += term.xorb.bytes
            for number in numbers {
                guard let number else { return nil }
                bytes.appendLittleEndian(number)
            }
        }
        return bytes
    }

    /// `nil` for anything else than terms.
    static func terms(in bytes: [UInt8]) -> [Term]? {
        guard bytes.count % byteCount == 0 else { return nil }
        let span = bytes.rawSpan
        var terms: [Term] = []
        for start in stride(from: 0, to: bytes.count, by: byteCount) {
            guard let xorb = XorbHash(bytes: span.extracting(start..<start + 32)),
                let chunks = ChunkRange(
                    start: Int(span.littleEndianUInt32(at: start + 32)),
                    end: Int(span.littleEndianUInt32(at: start + 36))
                ),
                let term = try? Term(
                    xorb: xorb,
                    chunks: chunks,
                    unpackedByteCount: Int(span.littleEndianUInt32(at: start + 40))
                )
            else { return nil }
            terms.append(term)
        }
        return terms
    }
}
