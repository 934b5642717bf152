import NIOCore
import XetAccess
import XetCore

/// Terms of a file that was imported, as they stand in one of the objects that have them.
///
/// | bytes | |
/// | --: | --- |
/// | 8 | `xetfile` and a zero |
/// | 8 | length of the file; little-endian, like all numbers |
/// | 4 | how many objects there are |
/// | 8 each | for each of them: where in the file its terms begin |
/// | 4 | how many terms are in this one |
/// | 32, 4, 4, 4 each | the xorb, its first chunk, the one after the last, the unpacked length |
struct ImportedTerms: Equatable, Sendable {
    /// Most objects of a file.
    static let mostObjectCount = 4096
    /// Most terms of an object.
    static let mostTermCount = 1 << 16
    /// Most bytes of an object, the seal included.
    static let mostByteCount =
        startByteCount + mostObjectCount * 8 + mostTermCount * termByteCount + SealedObject.sealByteCount

    private static let magic = Array("xetfile\0".utf8)
    private static let startByteCount = 24
    private static let termByteCount = 44

    /// Length of the whole file.
    let byteCount: UInt64
    /// Where the terms of each object begin.
    let starts: [UInt64]
    let part: FilePart

    /// The terms of a file of `byteCount` bytes that one of its objects has, of those that begin at `starts`.
    init(_ part: FilePart, byteCount: UInt64, starts: [UInt64]) {
        self.part = part
        self.byteCount = byteCount
        self.starts = starts
    }

    /// Reads an object of a file, the `number`-th of those; `nil` if it is none.
    init?(_ content: ByteBuffer, number: Int) {
        var bytes = content
        guard let magic = bytes.readBytes(length: Self.magic.count), magic == Self.magic,
            let byteCount = bytes.readInteger(endianness: .little, as: UInt64.self),
            let objectCount = bytes.readInteger(endianness: .little, as: UInt32.self),
            objectCount <= Self.mostObjectCount, number < Int(objectCount)
        else { return nil }
        var starts: [UInt64] = []
        for _ in 0..<objectCount {
            guard let start = bytes.readInteger(endianness: .little, as: UInt64.self), start <= byteCount else {
                return nil
            }
            starts.append(start)
        }
        guard let count = bytes.readInteger(endianness: .little, as: UInt32.self), count <= Self.mostTermCount,
            bytes.readableBytes == Int(count) * Self.termByteCount
        else { return nil }
        var terms: [Term] = []
        terms.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let term = Self.term(&bytes) else { return nil }
            terms.append(term)
        }
        let end = number + 1 < starts.count ? starts[number + 1] : byteCount
        part = FilePart(start: starts[number], terms: terms)
        guard part.end == end else { return nil }
        self.byteCount = byteCount
        self.starts = starts
    }

    private static func term(_ bytes: inout ByteBuffer) -> Term? {
        guard let hash = bytes.readBytes(length: 32), let xorb = XorbHash(bytes: hash.rawSpan),
            let numbers = bytes.readMultipleIntegers(endianness: .little, as: (UInt32, UInt32, UInt32).self),
            let chunks = ChunkRange(start: Int(numbers.0), end: Int(numbers.1))
        else { return nil }
        return try? Term(xorb: xorb, chunks: chunks, unpackedByteCount: Int(numbers.2))
    }

    /// The content of the object.
    var content: ByteBuffer {
        var bytes = ByteBuffer(bytes: Self.magic)
        bytes.writeInteger(byteCount, endianness: .little)
        bytes.writeInteger(UInt32(starts.count), endianness: .little)
        for start in starts { bytes.writeInteger(start, endianness: .little) }
        bytes.writeInteger(UInt32(part.terms.count), endianness: .little)
        for term in part.terms {
            bytes.writeBytes(term.xorb.bytes)
            for number in [term.chunks.start, term.chunks.end, term.unpackedByteCount] {
                bytes.writeInteger(UInt32(truncatingIfNeeded: number), endianness: .little)
            }
        }
        return bytes
    }

    /// Which object has the terms that hold a byte of the file.
    func number(holding byte: UInt64) -> Int { max(0, (starts.firstIndex { $0 > byte } ?? starts.count) - 1) }
}
