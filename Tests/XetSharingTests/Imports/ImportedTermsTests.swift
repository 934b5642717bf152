import BLAKE3
import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore

@testable import XetSharing

@Suite struct ImportedTermsTests {
    private func sample() throws -> ImportedTerms {
        let file = try SampleFile(seed: 3, shape: .mixed)
        let part = FilePart(start: 0, terms: file.terms)
        return ImportedTerms(part, byteCount: part.end + 100, starts: [0, part.end])
    }

    @Test func `an object says what it was made of`() throws {
        let terms = try sample()
        #expect(ImportedTerms(terms.content, number: 0) == terms)
        #expect(terms.number(holding: 0) == 0)
        #expect(terms.number(holding: terms.part.end - 1) == 0)
        #expect(terms.number(holding: terms.part.end) == 1)
    }

    @Test func `what is cut, longer or another one is none`() throws {
        let content = try sample().content
        for count in 0..<content.readableBytes {
            #expect(ImportedTerms(ByteBuffer(content.readableBytesView.prefix(count)), number: 0) == nil)
        }
        var longer = content
        longer.writeInteger(UInt8(0))
        #expect(ImportedTerms(longer, number: 0) == nil)
        #expect(ImportedTerms(content, number: 1) == nil)
        #expect(ImportedTerms(content, number: 2) == nil)
    }

    @Test(arguments: [16, 20, 28, 36, 72, 80])
    func `numbers that cannot be are refused`(offset: Int) throws {
        var content = try sample().content
        content.setBytes([255, 255, 255, 127], at: content.readerIndex + offset)
        #expect(ImportedTerms(content, number: 0) == nil)
    }

    @Test func `a seal is of the name, the key and each byte`() throws {
        let (one, other) = (SharedArea(secret: [1]), SharedArea(secret: [2]))
        let sealed = SealedObject.bytes(ByteBuffer(string: "what it says"), as: "a/name", key: one.key)
        #expect(SealedObject.content(sealed, of: "a/name", key: one.key) == ByteBuffer(string: "what it says"))
        #expect(SealedObject.content(sealed, of: "b/name", key: one.key) == nil)
        #expect(SealedObject.content(sealed, of: "a/name", key: other.key) == nil)
        for index in 0..<sealed.readableBytes {
            var changed = sealed
            changed.setInteger(sealed.readableBytesView[index] ^ 1, at: index)
            #expect(SealedObject.content(changed, of: "a/name", key: one.key) == nil)
            let short = ByteBuffer(sealed.readableBytesView.prefix(index))
            #expect(SealedObject.content(short, of: "a/name", key: one.key) == nil)
        }
    }
}
