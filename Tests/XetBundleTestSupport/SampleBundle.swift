import NIOCore
package import XetAccess
package import XetBundle
import XetCore

/// A small bundle: an answer, a file of three chunks in two runs, and an empty file.
package struct SampleBundle {
    package static let repository = "models/owner/name"
    package static let contents = BundleContents(sources: [
        BundleContents.Source(
            repository: repository,
            revision: "main",
            commit: String(repeating: "a", count: 40),
            isPublic: true
        )
    ])
    package static let answer = ArchivedAnswer(
        repository: repository,
        method: "GET",
        target: "/api/models/owner/name",
        status: 200,
        headers: [.init("ETag", "\"x\"")],
        body: Array("{}".utf8),
        time: 1_700_000_000
    )

    package let chunks: [[UInt8]]
    package let runs: [BundledRun]
    package let file: BundledFile

    package init() throws {
        let chunks: [[UInt8]] = [
            Array("the first chunk".utf8), Array(repeating: 7, count: 300), Array((0..<100).map { UInt8($0) }),
        ]
        var tree = MerkleTree()
        for chunk in chunks { tree.append(ChunkHash(ofChunk: chunk.rawSpan), byteCount: chunk.count) }
        let xorb = tree.xorbHash
        var packer = ChunkPacker()
        var (serialized, places): ([UInt8], [Int]) = ([], [0])
        for chunk in chunks {
            try packer.pack(chunk.rawSpan, scheme: .lz4, into: &serialized)
            places.append(serialized.count)
        }
        func run(_ range: Range<Int>) throws -> BundledRun {
            let records = range.map { index in
                let chunk = chunks[index]
                return BundledRun.Record(
                    serializedByteCount: places[index + 1] - places[index],
                    unpackedByteCount: chunk.count,
                    hash: ChunkHash(ofChunk: chunk.rawSpan)
                )
            }
            guard let chunks = ChunkRange(start: range.lowerBound, end: range.upperBound) else {
                throw BundleError.noBundle
            }
            return BundledRun(
                xorb: xorb,
                chunks: chunks,
                firstByte: UInt64(places[range.lowerBound]),
                records: records,
                bytes: ByteBuffer(bytes: serialized[places[range.lowerBound]..<places[range.upperBound]])
            )
        }
        self.chunks = chunks
        runs = [try run(0..<2), try run(2..<3)]
        guard let all = ChunkRange(start: 0, end: 3) else { throw BundleError.noBundle }
        let count = chunks.reduce(0) { $0 + $1.count }
        let term = try Term(xorb: xorb, chunks: all, unpackedByteCount: count)
        file = BundledFile(
            hash: tree.fileHash,
            byteCount: UInt64(count),
            part: FilePart(start: 0, terms: [term])
        )
    }

    package var records: [BundleRecord] {
        let empty = BundledFile(hash: .zero, byteCount: 0, part: FilePart(start: 0, terms: []))
        return [.answer(Self.answer), .file(empty)] + runs.map { .chunks($0) } + [.file(file)]
    }

    /// The bundle's bytes; `records` stand in for its own.
    package func bytes(signedBy key: SigningKey? = nil, records: [BundleRecord]? = nil) throws -> [UInt8] {
        var writer = BundleWriter()
        var bytes = Array(try writer.begin(Self.contents).readableBytesView)
        for record in records ?? self.records { bytes += try writer.append(record).readableBytesView }
        return bytes + (try writer.finish(signedBy: key)).readableBytesView
    }

    /// Reads a bundle in pieces, to its end.
    package static func read(
        _ bytes: [UInt8],
        trusted: [VerifyingKey] = [],
        pieceByteCount: Int = .max
    ) throws -> (records: [BundleRecord], counts: BundleEnd, signer: VerifyingKey?) {
        var reader = BundleReader(trusted: trusted)
        var records: [BundleRecord] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieceByteCount))
            rest = rest.dropFirst(pieceByteCount)
            var offset = 0
            while let record = try reader.next(in: piece.rawSpan, from: &offset) { records.append(record) }
        }
        return (records, try reader.finish(), reader.signer)
    }

    /// Reads a bundle as commands do, with everything checked.
    package static func inspect(
        _ bytes: [UInt8],
        trusted: [VerifyingKey] = [],
        base: ChunkLedger = ChunkLedger()
    ) async throws -> BundleInspection {
        let source = Pieces(bytes)
        return try await BundleInspection(BundleStream(trusted: trusted) { source.next() }, base: base)
    }
}
