import NIOCore
package import XetAccess
package import XetCore

/// Names chunks of an earlier file where the CAS would name a xorb, and asks it for the rest alone.
struct UpdateReconstructions: ReconstructionSource {
    let update: FileUpdate
    let upstream: any ReconstructionSource

    var unrepeated: any ReconstructionSource {
        UpdateReconstructions(update: update, upstream: upstream.unrepeated)
    }

    /// The terms of a file are cut in the same places however often it is asked, whether the earlier file is of use or not.
    func reconstruction(of file: FileHash, range: FileByteRange?) async throws -> Reconstruction? {
        guard file == update.file, let range, !range.isEmpty else {
            return try await upstream.reconstruction(of: file, range: range)
        }
        let parts = update.parts(of: range)
        let answers = try await withThrowingTaskGroup(of: (Int, Reconstruction).self) { group in
            for (index, part) in parts.enumerated() {
                group.addTask { (index, try await answer(part)) }
            }
            var answers = [Reconstruction?](repeating: nil, count: parts.count)
            for try await (index, answer) in group { answers[index] = answer }
            return answers.compactMap { $0 }
        }
        // Only the first may begin before its part, and the last end behind it.
        for (index, (part, answer)) in zip(parts, answers).enumerated() {
            guard index == 0 || answer.offsetIntoFirstTerm == 0,
                index + 1 == parts.count || answer.byteCount == part.end - part.start
            else { throw Self.otherChunks }
        }
        guard let first = parts.first, let answer = answers.first else {
            return try await upstream.reconstruction(of: file, range: range)
        }
        do {
            // A local part begins with its chunk, what the CAS names where its offset says.
            let start = first.start - answer.offsetIntoFirstTerm
            return try Reconstruction(joining: answers, offsetIntoFirstTerm: range.start - start)
        } catch {
            throw XetError(.invalidResponse, "reconstruction of \(file)", cause: error)
        }
    }

    private func answer(_ part: UpdatePart) async throws -> Reconstruction {
        guard let local = part.local else { return try await asked(part) }
        let term = try Self.term(local, byteCount: Int(part.end - part.start))
        guard update.isTrusted else {
            let answer = try await asked(part)
            guard answer.terms == [term] else { throw Self.otherChunks }
            return answer
        }
        do {
            let length = term.unpackedByteCount + term.chunks.count * ChunkHeader.byteCount
            guard let bytes = HTTPByteRange(first: 0, last: UInt64(length - 1)) else { throw Self.otherChunks }
            let info = try FetchInfo(chunks: term.chunks, bytes: bytes, url: .kept)
            return try Reconstruction(offsetIntoFirstTerm: 0, terms: [term], fetches: [term.xorb: [info]])
        } catch let error as ReconstructionError {
            throw XetError(.invalidResponse, "reconstruction of \(update.file)", cause: error)
        }
    }

    private func asked(_ part: UpdatePart) async throws -> Reconstruction {
        guard let range = FileByteRange(start: part.start, end: part.end),
            let answer = try await upstream.reconstruction(of: update.file, range: range)
        else { throw Self.otherChunks }
        return answer
    }

    private static func term(_ local: UpdatePieces.Source, byteCount: Int) throws(XetError) -> Term {
        do {
            return try Term(xorb: local.xorb, chunks: local.run.chunks, unpackedByteCount: byteCount)
        } catch {
            throw XetError(.invalidResponse, "reconstruction of a file", cause: error)
        }
    }

    private static let otherChunks = XetError(
        .invalidResponse,
        "the reconstruction of a part of a file has other chunks than that of the whole"
    )
}

/// Reads chunks of an earlier file, and has all others from upstream.
struct UpdateXorbs: XorbSource {
    /// Most bytes that are read at once, unless a chunk has more.
    private static let pieceByteCount: UInt64 = 512 << 10

    let update: FileUpdate
    let upstream: any XorbSource

    func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws {
        guard fetch.info.url == .kept else { return try await upstream.fetch(fetch, body) }
        guard fetch.origin != .anew, update.isTrusted,
            let local = update.local(fetch.info.chunks, of: fetch.xorb)
        else { throw distrusted() }
        let chunks = update.chunks
        var next = local.lowerBound
        while next < local.upperBound {
            let last = chunks.chunk(at: chunks.start(of: next) + Self.pieceByteCount)
            let batch = next..<max(next + 1, min(last, local.upperBound))
            let read: (bytes: ByteBuffer, hashes: [ChunkHash])?
            do {
                read = try await Blocking.run { try chunks.read(batch) }
            } catch is LocalFileError {
                read = nil
            }
            guard let read else { throw distrusted() }
            let first = fetch.info.chunks.start + next - local.lowerBound
            try await body(XorbPiece(read.bytes, hashes: ReadHashes(first: first, hashes: read.hashes)))
            next = batch.upperBound
        }
    }

    func fetch(
        _ fetches: [XorbFetch],
        _ body: (_ index: Int, _ piece: XorbPiece) async throws -> Void
    ) async throws {
        guard fetches.contains(where: { $0.info.url == .kept }) else { return try await upstream.fetch(fetches, body) }
        for (index, one) in fetches.enumerated() {
            try await fetch(one) { try await body(index, $0) }
        }
    }

    func isOneRequest(_ fetches: [XorbFetch]) -> Bool {
        !fetches.contains { $0.info.url == .kept } && upstream.isOneRequest(fetches)
    }

    /// What has to be had from the CDN after all; the next reconstruction names its address.
    private func distrusted() -> XetError {
        update.distrust()
        return XetError(.expired, "\(update.chunks.path) changed while its chunks were read")
    }

    /// What was computed when chunks were read need not be computed again.
    private struct ReadHashes: ChunkHashes {
        let first: Int
        let hashes: [ChunkHash]

        func hash(of chunk: Int) -> ChunkHash? {
            hashes.indices.contains(chunk - first) ? hashes[chunk - first] : nil
        }

        func note(_ hash: ChunkHash, of chunk: Int) -> Bool { self.hash(of: chunk) == hash }
    }
}
