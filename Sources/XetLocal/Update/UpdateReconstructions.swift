import XetAccess
import XetCore

/// Names chunks of an earlier file where the CAS would name a xorb, and asks it for the rest alone.
struct UpdateReconstructions: ReconstructionSource {
    /// Most requests to the CAS at once for one window.
    private static let mostRequestCount = 8

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
            var answers = [Reconstruction?](repeating: nil, count: parts.count)
            for (index, part) in parts.enumerated() {
                if index >= Self.mostRequestCount, let (index, answer) = try await group.next() {
                    answers[index] = answer
                }
                group.addTask { (index, try await answer(part)) }
            }
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
