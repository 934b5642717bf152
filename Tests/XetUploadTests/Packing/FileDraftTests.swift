import Testing
import XetCore
import XetTestSupport

@testable import XetUpload

@Suite struct FileDraftTests {
    private let hashes = (0..<6).map { ChunkHash(ofChunk: [UInt8($0)]) }
    private let xorbs = [XorbHash(words: (1, 2, 3, 4)), XorbHash(words: (5, 6, 7, 8))]

    @Test func `joins chunks that follow each other`() throws {
        var draft = FileDraft()
        let places: [(XorbHash?, Int)] = [(xorbs[0], 4), (xorbs[0], 5), (nil, 0), (nil, 1), (nil, 0), (xorbs[0], 6)]
        for (hash, place) in zip(hashes, places) {
            draft.append(hash, byteCount: 10, at: FileDraft.Place(xorb: place.0, chunk: place.1))
        }
        #expect(draft.isUnresolved)
        draft.closeTerm()
        draft.resolve(xorbs[1])
        #expect(!draft.isUnresolved)
        let file = try draft.file(sha256: .zero)
        #expect(file.terms.map(\.xorb) == [xorbs[0], xorbs[1], xorbs[1], xorbs[0]])
        let ranges = [4..<6, 0..<2, 0..<1, 6..<7].map { ChunkRange(start: $0.lowerBound, end: $0.upperBound) }
        #expect(file.terms.map(\.chunks) == ranges)
        #expect(file.terms.map(\.unpackedByteCount) == [20, 20, 10, 10])
        let proofs = [0..<2, 2..<4, 4..<5, 5..<6].map { VerificationHash(ofTerm: hashes[$0]) }
        #expect(file.verification == proofs)
        #expect(file.byteCount == 60)
    }

    @Test func `a term that is open stays open when its xorb gets a name`() throws {
        var draft = FileDraft()
        draft.append(hashes[0], byteCount: 1, at: FileDraft.Place(xorb: nil, chunk: 7))
        draft.resolve(xorbs[0])
        #expect(draft.continuation == FileDraft.Place(xorb: xorbs[0], chunk: 8))
        // The next xorb is another one, although the chunk follows by number.
        draft.append(hashes[1], byteCount: 1, at: FileDraft.Place(xorb: nil, chunk: 8))
        draft.closeTerm()
        draft.resolve(xorbs[1])
        #expect(try draft.file(sha256: .zero).terms.map(\.xorb) == xorbs)
    }

    @Test func `the empty file has no terms`() throws {
        var draft = FileDraft()
        draft.closeTerm()
        let file = try draft.file(sha256: .zero)
        #expect(file.hash == .zero)
        #expect(file.terms.isEmpty)
        #expect(file.verification == [])
    }
}
