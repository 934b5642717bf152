import XetCore

/// What `xet inspect` prints.
protocol Report: Encodable {
    /// For a person.
    var text: String { get }
}

/// A xorb, as its own chunks show it.
struct XorbReport: Report {
    /// One chunk.
    struct Chunk: Encodable {
        let index: Int
        let hash: String
        let scheme: String
        let packedBytes: Int
        let unpackedBytes: Int
        /// Where its header begins.
        let serializedOffset: Int
        let unpackedOffset: Int
    }

    /// The footer's statements that do not follow from the chunks.
    struct Footer: Encodable {
        let version: Int
        let hash: String
    }

    let type = "xorb"
    let hash: String
    let footer: Footer?
    let serializedBytes: Int
    let unpackedBytes: Int
    let chunks: [Chunk]

    /// Unpacks and hashes every chunk; a footer must agree with them.
    init(_ bytes: [UInt8]) throws(XorbError) {
        let xorb = try SerializedXorb(verifying: bytes)
        let index = xorb.index
        var chunks: [Chunk] = []
        for number in 0..<index.chunkCount {
            let start = index.serializedStart(of: number)
            let header: ChunkHeader
            do throws(ChunkError) {
                header = try ChunkHeader(parsing: xorb.chunks.rawSpan.extracting(start..<start + ChunkHeader.byteCount))
            } catch {
                throw .invalidChunk(index: number, offset: start, error)
            }
            chunks.append(
                Chunk(
                    index: number,
                    hash: index.chunkHashes[number].text,
                    scheme: header.scheme.name,
                    packedBytes: header.packedByteCount,
                    unpackedBytes: header.unpackedByteCount,
                    serializedOffset: start,
                    unpackedOffset: index.unpackedStart(of: number)
                )
            )
        }
        self.chunks = chunks
        hash = index.hash.text
        serializedBytes = index.serializedByteCount
        unpackedBytes = index.unpackedByteCount
        footer = try Self.footer(bytes, index)
    }

    private static func footer(_ bytes: [UInt8], _ index: XorbIndex) throws(XorbError) -> Footer? {
        let start = index.serializedByteCount
        guard bytes.count > start else { return nil }
        guard bytes.count - start >= XorbFooter.trailerByteCount else {
            throw .footerOutOfBounds(length: XorbFooter.trailerByteCount, available: bytes.count - start)
        }
        let span = bytes.rawSpan
        let trailer = span.extracting(bytes.count - XorbFooter.trailerByteCount..<bytes.count)
        let length = try XorbFooter.byteCount(trailer: trailer, xorbByteCount: UInt64(bytes.count))
        let end = bytes.count - XorbFooter.trailerByteCount
        guard length == end - start else { throw .footerOutOfBounds(length: length, available: end - start) }
        let footer = try XorbFooter(parsing: span.extracting(start..<end), start: UInt64(start))
        guard footer.hash == index.hash else {
            throw .hashMismatch(expected: footer.hash, found: index.hash)
        }
        for number in 0..<index.chunkCount
        where footer.chunkHashes[number] != index.chunkHashes[number]
            || footer.serializedEnds[number] != index.footer.serializedEnds[number]
            || footer.unpackedEnds.map({ $0[number] != index.unpackedEnds[number] }) ?? false
        {
            throw .footerContradictsChunk(index: number)
        }
        return Footer(version: footer.unpackedEnds == nil ? 0 : 1, hash: footer.hash.text)
    }

    var text: String {
        var lines = [
            "xorb      \(hash)",
            "footer    \(footer.map { "version \($0.version)" } ?? "none")",
            "chunks    \(chunks.count)",
            "packed    \(serializedBytes) bytes with headers",
            "unpacked  \(unpackedBytes) bytes",
            "",
            "index  offset     packed  unpacked  scheme   hash",
        ]
        for chunk in chunks {
            lines.append(
                "\(column(chunk.index, 5))  \(column(chunk.serializedOffset, 9))  \(column(chunk.packedBytes, 6))  "
                    + "\(column(chunk.unpackedBytes, 8))  \(chunk.scheme.padding(to: 7))  \(chunk.hash)"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func column(_ number: Int, _ width: Int) -> String {
        let text = "\(number)"
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension String {
    /// With blanks behind it.
    func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
