import NIOCore
import Testing
import XetAccess
import XetBundleTestSupport
import XetCore
import XetTestSupport

@testable import XetBundle

@Suite struct BundleFormatTests {
    /// The smallest bundle there is, byte by byte as docs/bundle.md has it; the hashes are those of `b3sum` (BLAKE3,
    /// plain).
    @Test func `the start is as documented`() throws {
        let bytes = try SampleBundle().bytes(records: [])
        var expected: [UInt8] = Array("xet-bundle 1\r\n\u{1A}\n".utf8)
        let payload: [UInt8] =
            [1, 0, 17, 0] + Array("models/owner/name".utf8) + [4, 0] + Array("main".utf8) + [40, 0]
            + Array(repeating: UInt8(ascii: "a"), count: 40) + [1]
        expected += [UInt8(ascii: "B"), UInt8(payload.count), 0, 0, 0] + payload
        #expect(Array(bytes.prefix(expected.count)) == expected)
        // Behind it: the hash, an end of five zeros with its hash, and no signature with its hash.
        let end = expected.count + 32
        #expect(Array(bytes[end..<end + 45]) == [UInt8(ascii: "E"), 40, 0, 0, 0] + Array(repeating: 0, count: 40))
        #expect(Array(bytes[(end + 77)..<(end + 82)]) == [UInt8(ascii: "S"), 0, 0, 0, 0])
        #expect(bytes.count == end + 77 + 5 + 32)
    }

    @Test(arguments: [1, 7, 64, 4096])
    func `what is written is read`(pieceByteCount: Int) throws {
        let sample = try SampleBundle()
        let read = try SampleBundle.read(try sample.bytes(), pieceByteCount: pieceByteCount)
        #expect(read.records.dropLast() == [.contents(SampleBundle.contents)] + sample.records)
        #expect(read.records.last == .end(read.counts))
        #expect(read.counts.chunkCount == 3)
        #expect(read.counts.fileCount == 2)
        #expect(read.signer == nil)
    }

    @Test func `every prefix is refused`() throws {
        let bytes = try SampleBundle().bytes()
        for count in bytes.indices {
            #expect(throws: BundleError.self) { try SampleBundle.read(Array(bytes.prefix(count))) }
        }
    }

    @Test func `every changed bit is refused`() throws {
        let key = SigningKey()
        let bytes = try SampleBundle().bytes(signedBy: key)
        for index in bytes.indices {
            for bit in [0, 3, 7] {
                var changed = bytes
                changed[index] ^= 1 << bit
                #expect(throws: BundleError.self) { try SampleBundle.read(changed) }
            }
        }
    }

    @Test func `what is behind the end is refused`() throws {
        let bytes = try SampleBundle().bytes()
        #expect(throws: BundleError.trailing(offset: UInt64(bytes.count))) { try SampleBundle.read(bytes + [0]) }
    }

    @Test func `a missing frame is refused`() throws {
        let sample = try SampleBundle()
        let whole = try sample.bytes()
        let without = try sample.bytes(records: Array(sample.records.dropLast()))
        // An end and no signature: 45 and 5 bytes, and a hash behind both.
        let end = 45 + 32 + 5 + 32
        let bytes = Array(whole.prefix(without.count - end)) + whole.suffix(end)
        #expect(throws: BundleError.self) { try SampleBundle.read(bytes) }
    }

    @Test func `terms of a file follow one another`() throws {
        let sample = try SampleBundle()
        let late = BundledFile(
            hash: sample.file.hash,
            byteCount: sample.file.byteCount,
            part: FilePart(start: 1, terms: [])
        )
        let bytes = try sample.bytes(records: [.file(late)])
        #expect(throws: BundleError.self) { try SampleBundle.read(bytes) }
    }

    @Test func `a length is not believed`() throws {
        var bytes = Array("xet-bundle 1\r\n\u{1A}\n".utf8)
        bytes += [UInt8(ascii: "B"), 255, 255, 255, 255]
        #expect(throws: BundleError.self) { try SampleBundle.read(bytes) }
    }

    @Test func `an answer is about a repository of the bundle`() throws {
        let other = ArchivedAnswer(
            repository: "models/other/name",
            method: "GET",
            target: "/api/models/other/name",
            status: 200,
            headers: [],
            body: [],
            time: 0
        )
        let bytes = try SampleBundle().bytes(records: [.answer(other)])
        #expect(throws: BundleError.self) { try SampleBundle.read(bytes) }
    }
}
