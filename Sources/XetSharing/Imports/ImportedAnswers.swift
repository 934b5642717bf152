import NIOCore
import XetAccess
import XetBundle

/// What a bundle says that the Hub said, as it stands in objects: some answers each, as a bundle without chunks, and one object
/// that says how many there are.
struct ImportedAnswers {
    /// Most bytes of an object.
    static let mostByteCount = 64 << 20
    /// Most objects of a bundle.
    private static let mostObjectCount = 1 << 20

    let contents: BundleContents
    let answers: [ArchivedAnswer]

    init(_ contents: BundleContents, _ answers: [ArchivedAnswer]) {
        self.contents = contents
        self.answers = answers
    }

    /// Reads the content of an object; `nil` if it is none.
    init?(_ content: ByteBuffer) {
        var reader = BundleReader()
        var place = 0
        var (contents, answers): (BundleContents?, [ArchivedAnswer]) = (nil, [])
        do {
            while let record = try reader.next(in: content.readableBytesSpan, from: &place) {
                switch record {
                case .contents(let found): contents = found
                case .answer(let answer): answers.append(answer)
                case .end: break
                case .chunks, .file: return nil
                }
            }
            _ = try reader.finish()
        } catch {
            return nil
        }
        guard let contents else { return nil }
        self.init(contents, answers)
    }

    /// The content of the object.
    ///
    /// Throws ``XetBundle/BundleError``.
    var content: ByteBuffer {
        get throws {
            var writer = BundleWriter()
            var bytes = try writer.begin(contents)
            for answer in answers { bytes.writeImmutableBuffer(try writer.append(.answer(answer))) }
            bytes.writeImmutableBuffer(try writer.finish(signedBy: nil))
            return bytes
        }
    }

    /// The content of the object that says that there are so many.
    static func end(_ count: Int) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(UInt32(truncatingIfNeeded: count), endianness: .little)
        return bytes
    }

    /// How many there are, as that object says; `nil` if it is none.
    static func count(_ content: ByteBuffer) -> Int? {
        guard content.readableBytes == 4,
            let count: UInt32 = content.getInteger(at: content.readerIndex, endianness: .little),
            count <= mostObjectCount
        else { return nil }
        return Int(count)
    }
}
