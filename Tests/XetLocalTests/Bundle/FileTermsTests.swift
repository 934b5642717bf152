import Testing
import XetAccess
import XetCore

@testable import XetLocal

@Suite struct FileTermsTests {
    private func term(_ xorb: UInt64, _ start: Int, _ end: Int, _ byteCount: Int) throws -> Term {
        let chunks = try #require(ChunkRange(start: start, end: end))
        return try Term(xorb: XorbHash(words: (xorb, 0, 0, 0)), chunks: chunks, unpackedByteCount: byteCount)
    }

    @Test func `the chunk over a border counts once`() throws {
        var file = FileTerms()
        try file.append(FilePart(start: 0, terms: [try term(1, 0, 3, 300), try term(2, 5, 7, 200)]), of: "file")
        try file.append(FilePart(start: 400, terms: [try term(2, 6, 9, 300), try term(1, 8, 9, 50)]), of: "file")
        #expect(file.byteCount == 750)
        #expect(file.terms == [try term(1, 0, 3, 300), try term(2, 5, 9, 400), try term(1, 8, 9, 50)])
    }

    @Test func `a term that a border cut is one again`() throws {
        var file = FileTerms()
        try file.append(FilePart(start: 0, terms: [try term(1, 0, 3, 300)]), of: "file")
        try file.append(FilePart(start: 300, terms: [try term(1, 3, 4, 100)]), of: "file")
        #expect(file.terms == [try term(1, 0, 4, 400)])
        // The same chunk again is another use of it.
        try file.append(FilePart(start: 400, terms: [try term(1, 3, 4, 100)]), of: "file")
        #expect(file.terms.count == 2)
    }

    @Test func `what does not fit is refused`() throws {
        let parts = [
            FilePart(start: 301, terms: [try term(1, 3, 4, 100)]),
            FilePart(start: 200, terms: [try term(2, 0, 2, 200)]),
            FilePart(start: 100, terms: [try term(1, 2, 3, 100)]),
        ]
        for part in parts {
            var file = FileTerms()
            try file.append(FilePart(start: 0, terms: [try term(1, 0, 3, 300)]), of: "file")
            #expect(throws: XetError.self) { try file.append(part, of: "file") }
        }
    }
}
