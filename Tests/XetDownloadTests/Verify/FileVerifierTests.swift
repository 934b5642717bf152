import NIOCore
import Testing
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct FileVerifierTests {
    private let xorb = XorbHash(words: (1, 2, 3, 4))

    private func chunk(_ bytes: [UInt8], isHashed: Bool = true) -> DecodedChunk {
        DecodedChunk(
            buffer: ByteBuffer(bytes: bytes),
            range: 0..<bytes.count,
            batch: BatchID(fetch: 0, number: 0),
            hash: isHashed ? ChunkHash(ofChunk: bytes) : nil
        )
    }

    private func term(_ start: Int, _ end: Int, _ byteCount: Int) throws -> Term {
        Term(try #require(ChunkRange(start: start, end: end)), xorb, byteCount)
    }

    private func hash(_ chunks: [[UInt8]]) -> FileHash {
        var tree = MerkleTree()
        for chunk in chunks { tree.append(ChunkHash(ofChunk: chunk), byteCount: chunk.count) }
        return tree.fileHash
    }

    /// Feeds one term; the error that came, and how many chunks were given out.
    private func feed(
        _ chunks: [DecodedChunk],
        termByteCount: Int,
        file: FileHash,
        byteCount: UInt64,
        range: FileByteRange
    ) throws -> (given: Int, error: VerificationError?) {
        var verifier = FileVerifier(file, byteCount: byteCount, range: range)
        verifier.beginTerm(try term(0, chunks.count, termByteCount))
        for (index, chunk) in chunks.enumerated() {
            do throws(VerificationError) {
                let verified = try verifier.verify(chunk, isLastOfTerm: index == chunks.count - 1)
                #expect(verified.bytes == chunk.buffer)
            } catch {
                return (index, error)
            }
        }
        return (chunks.count, nil)
    }

    @Test func `only a range that covers the file is the whole`() throws {
        #expect(FileVerifier.isWhole(FileByteRange(count: 10), byteCount: 10))
        #expect(FileVerifier.isWhole(FileByteRange(count: 0), byteCount: 0))
        #expect(!FileVerifier.isWhole(FileByteRange(count: 9), byteCount: 10))
        #expect(!FileVerifier.isWhole(try #require(FileByteRange(start: 1, end: 10)), byteCount: 10))
    }

    @Test func `a whole file passes`() throws {
        let chunks: [[UInt8]] = [[1, 2, 3], [4], [5, 6]]
        let result = try feed(
            chunks.map { chunk($0) },
            termByteCount: 6,
            file: hash(chunks),
            byteCount: 6,
            range: FileByteRange(count: 6)
        )
        #expect(result.given == 3 && result.error == nil)
    }

    @Test func `the last chunk of a wrong file is held back`() throws {
        let chunks: [[UInt8]] = [[1, 2, 3], [4], [5, 6]]
        for damaged in 0..<3 {
            var found = chunks
            found[damaged][0] ^= 0x80
            let result = try feed(
                found.map { chunk($0) },
                termByteCount: 6,
                file: hash(chunks),
                byteCount: 6,
                range: FileByteRange(count: 6)
            )
            #expect(result.given == 2)
            #expect(result.error == .fileHash(expected: hash(chunks), found: hash(found)))
        }
    }

    @Test func `chunks cut elsewhere are not the file`() throws {
        let result = try feed(
            [chunk([1, 2]), chunk([3, 4, 5, 6])],
            termByteCount: 6,
            file: hash([[1, 2, 3], [4, 5, 6]]),
            byteCount: 6,
            range: FileByteRange(count: 6)
        )
        #expect(result.given == 1)
    }

    @Test func `more bytes than the file has`() throws {
        let chunks: [[UInt8]] = [[1, 2, 3], [4], [5, 6]]
        let result = try feed(
            chunks.map { chunk($0) },
            termByteCount: 6,
            file: hash(chunks),
            byteCount: 5,
            range: FileByteRange(count: 5)
        )
        #expect(result.given == 2)
        #expect(result.error == .fileTooLong(expected: 5, found: 6))
    }

    @Test func `chunks must fill their term`() throws {
        let chunks = [chunk([1, 2, 3]), chunk([4]), chunk([5, 6])]
        let range = try #require(FileByteRange(start: 0, end: 3))
        func result(_ termByteCount: Int) throws -> (given: Int, error: VerificationError?) {
            try feed(chunks, termByteCount: termByteCount, file: .zero, byteCount: 99, range: range)
        }
        #expect(try result(6).error == nil)
        #expect(try result(7) == (2, .termLength(excess: -1)))
        #expect(try result(5) == (2, .termLength(excess: 1)))
        #expect(try result(3) == (1, .termLength(excess: 1)))
        #expect(try result(2) == (0, .termLength(excess: 1)))
    }

    @Test func `a part needs no hashes, the whole does`() throws {
        let bare = [chunk([1, 2, 3], isHashed: false)]
        let part = try feed(
            bare,
            termByteCount: 3,
            file: .zero,
            byteCount: 4,
            range: try #require(FileByteRange(start: 0, end: 3))
        )
        #expect(part.error == nil)
        let whole = try feed(bare, termByteCount: 3, file: .zero, byteCount: 3, range: FileByteRange(count: 3))
        #expect(whole.error == .missingHash)
    }

    // MARK: What was delivered before

    /// Verifies three chunks of two bytes anew; `delivered` are those that left before, from the chunk with this number on.
    private func reread(_ chunks: [[UInt8]], delivered: [[UInt8]], from number: Int) throws -> VerificationError? {
        var witness = DeliveredChunks()
        for (index, bytes) in delivered.enumerated() {
            witness.append(ChunkHash(ofChunk: bytes), at: UInt64(2 * (number + index)), byteCount: bytes.count)
        }
        var verifier = FileVerifier(hash(chunks), byteCount: 6, range: FileByteRange(count: 6), witness: witness)
        verifier.beginTerm(try term(0, 3, 6))
        for (index, bytes) in chunks.enumerated() {
            do throws(VerificationError) {
                _ = try verifier.verify(chunk(bytes), isLastOfTerm: index == 2)
            } catch {
                return error
            }
        }
        return nil
    }

    @Test func `what has left must come again`() throws {
        let chunks: [[UInt8]] = [[1, 2], [3, 4], [5, 6]]
        for number in 0..<3 {
            for count in 0...3 - number {
                let part = Array(chunks[number..<number + count])
                #expect(try reread(chunks, delivered: part, from: number) == nil)
                guard count > 0 else { continue }
                for damaged in 0..<count {
                    var other = part
                    other[damaged][0] ^= 1
                    let expected = VerificationError.changed(
                        start: UInt64(2 * number),
                        end: UInt64(2 * (number + count))
                    )
                    #expect(try reread(chunks, delivered: other, from: number) == expected)
                }
            }
        }
        #expect(try reread(chunks, delivered: [[1, 2, 3]], from: 0) != nil)
    }
}

extension Term {
    fileprivate init(_ chunks: ChunkRange, _ xorb: XorbHash, _ byteCount: Int) {
        do {
            try self.init(xorb: xorb, chunks: chunks, unpackedByteCount: byteCount)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
