package import NIOCore
package import XetAccess
import XetCore

// Each record as it stands in its frame. What is read is as hostile as a file can be: every count is compared with the
// bytes that are there before room is made for it.

extension ByteBuffer {
    fileprivate mutating func write(text: String) throws(BundleError) {
        let count = text.utf8.count
        guard count <= BundleFormat.maximumTextByteCount else {
            throw .unwritable(reason: "a text of \(count) bytes")
        }
        writeInteger(UInt16(count), endianness: .little)
        writeString(text)
    }

    fileprivate mutating func write(_ hash: ContentHash<some ContentHashRole>) {
        let words = hash.words
        for word in [words.0, words.1, words.2, words.3] { writeInteger(word, endianness: .little) }
    }

    fileprivate mutating func write(short number: Int) {
        writeInteger(UInt16(truncatingIfNeeded: number), endianness: .little)
        writeInteger(UInt8(truncatingIfNeeded: number >> 16))
    }
}

extension BundleContents {
    func write(to buffer: inout ByteBuffer) throws(BundleError) {
        guard (1...BundleFormat.maximumRepositoryCount).contains(sources.count) else {
            throw .unwritable(reason: "\(sources.count) repositories")
        }
        buffer.writeInteger(UInt16(sources.count), endianness: .little)
        for source in sources {
            for text in [source.repository, source.revision, source.commit] { try buffer.write(text: text) }
            buffer.writeInteger(UInt8(source.isPublic ? 1 : 0))
        }
    }

    init(_ fields: inout FieldReader) throws(FieldReader.Failure) {
        let count = Int(try fields.number(UInt16.self))
        guard (1...BundleFormat.maximumRepositoryCount).contains(count) else {
            throw FieldReader.Failure(reason: "\(count) repositories")
        }
        var sources: [Source] = []
        for _ in 0..<count {
            let (repository, revision, commit) = (try fields.text(), try fields.text(), try fields.text())
            let flag = try fields.number(UInt8.self)
            guard flag <= 1 else { throw FieldReader.Failure(reason: "a flag is \(flag)") }
            sources.append(
                Source(repository: repository, revision: revision, commit: commit, isPublic: flag == 1)
            )
        }
        self.init(sources: sources)
    }
}

extension ArchivedAnswer {
    /// Appends what stands in the frame of an answer.
    package func write(to buffer: inout ByteBuffer) throws(BundleError) {
        guard ["GET", "HEAD"].contains(method), let status = UInt16(exactly: status),
            headers.count <= BundleFormat.maximumHeaderCount, body.count <= BundleFormat.maximumBodyByteCount
        else {
            throw .unwritable(
                reason: "the answer to \(method) \(target) of \(body.count) bytes, of which at most "
                    + "\(BundleFormat.maximumBodyByteCount) fit"
            )
        }
        try buffer.write(text: repository)
        buffer.writeInteger(UInt8(method == "HEAD" ? 1 : 0))
        try buffer.write(text: target)
        buffer.writeInteger(status, endianness: .little)
        buffer.writeInteger(time, endianness: .little)
        buffer.writeInteger(UInt16(headers.count), endianness: .little)
        for header in headers {
            try buffer.write(text: header.name)
            try buffer.write(text: header.value)
        }
        buffer.writeBytes(body)
    }

    /// Reads what stands in the frame of an answer; `nil` for anything else.
    package init?(frame: ByteBuffer) {
        var fields = FieldReader(frame)
        guard let answer = try? ArchivedAnswer(&fields) else { return nil }
        self = answer
    }

    init(_ fields: inout FieldReader) throws(FieldReader.Failure) {
        let repository = try fields.text()
        let method = try fields.number(UInt8.self)
        let target = try fields.text()
        let status = Int(try fields.number(UInt16.self))
        let time = try fields.number(Int64.self)
        let count = Int(try fields.number(UInt16.self))
        guard method <= 1, target.hasPrefix("/"), (100..<600).contains(status),
            count <= BundleFormat.maximumHeaderCount
        else { throw FieldReader.Failure(reason: "an answer that no Hub gives") }
        var headers: [Header] = []
        for _ in 0..<count { headers.append(Header(try fields.text(), try fields.text())) }
        let body = fields.rest()
        guard body.readableBytes <= BundleFormat.maximumBodyByteCount else {
            throw FieldReader.Failure(reason: "an answer of \(body.readableBytes) bytes")
        }
        self.init(
            repository: repository,
            method: method == 1 ? "HEAD" : "GET",
            target: target,
            status: status,
            headers: headers,
            body: Array(body.readableBytesView),
            time: time
        )
    }
}

extension BundledFile {
    func write(to buffer: inout ByteBuffer) throws(BundleError) {
        guard part.terms.count <= BundleFormat.maximumTermCount, part.end <= byteCount else {
            throw .unwritable(reason: "\(part.terms.count) terms of file \(hash)")
        }
        buffer.write(hash)
        buffer.writeInteger(byteCount, endianness: .little)
        buffer.writeInteger(part.start, endianness: .little)
        buffer.writeInteger(UInt32(part.terms.count), endianness: .little)
        for term in part.terms {
            buffer.write(term.xorb)
            for number in [term.chunks.start, term.chunks.end, term.unpackedByteCount] {
                guard let number = UInt32(exactly: number) else {
                    throw .unwritable(reason: "a term of \(number) bytes of file \(hash)")
                }
                buffer.writeInteger(number, endianness: .little)
            }
        }
    }

    init(_ fields: inout FieldReader) throws(FieldReader.Failure) {
        hash = try fields.hash(FileRole.self)
        byteCount = try fields.number(UInt64.self)
        let start = try fields.number(UInt64.self)
        let count = Int(try fields.number(UInt32.self))
        guard count <= BundleFormat.maximumTermCount, byteCount <= UInt64(Int64.max), start <= byteCount else {
            throw FieldReader.Failure(reason: "\(count) terms from byte \(start) of \(byteCount) on")
        }
        var terms: [Term] = []
        var end = start
        for _ in 0..<count {
            let xorb = try fields.hash(XorbRole.self)
            let numbers = (
                Int(try fields.number(UInt32.self)), Int(try fields.number(UInt32.self)),
                Int(try fields.number(UInt32.self))
            )
            guard let chunks = ChunkRange(start: numbers.0, end: numbers.1),
                chunks.end <= BundleFormat.maximumChunkCount, numbers.2 > 0,
                let term = try? Term(xorb: xorb, chunks: chunks, unpackedByteCount: numbers.2)
            else { throw FieldReader.Failure(reason: "a term that cannot be") }
            end += UInt64(numbers.2)
            guard end <= byteCount else { throw FieldReader.Failure(reason: "terms behind the end of their file") }
            terms.append(term)
        }
        part = FilePart(start: start, terms: terms)
    }
}

extension BundledRun {
    func write(to buffer: inout ByteBuffer) throws(BundleError) {
        let sum = records.reduce(0) { $0 + $1.serializedByteCount }
        guard chunks.end <= BundleFormat.maximumChunkCount, records.count == chunks.count,
            sum == bytes.readableBytes, sum <= BundleFormat.maximumRunByteCount
        else { throw .unwritable(reason: "\(chunks.count) chunks of \(sum) bytes of xorb \(xorb)") }
        buffer.write(xorb)
        buffer.writeInteger(UInt32(chunks.start), endianness: .little)
        buffer.writeInteger(UInt32(chunks.count), endianness: .little)
        buffer.writeInteger(firstByte, endianness: .little)
        for record in records {
            buffer.write(short: record.serializedByteCount)
            buffer.write(short: record.unpackedByteCount)
            buffer.write(record.hash)
        }
        buffer.writeImmutableBuffer(bytes)
    }

    init(_ fields: inout FieldReader) throws(FieldReader.Failure) {
        xorb = try fields.hash(XorbRole.self)
        let start = Int(try fields.number(UInt32.self))
        let count = Int(try fields.number(UInt32.self))
        firstByte = try fields.number(UInt64.self)
        guard count <= BundleFormat.maximumChunkCount, let chunks = ChunkRange(start: start, end: start + count),
            chunks.end <= BundleFormat.maximumChunkCount, firstByte <= UInt64(Int64.max)
        else { throw FieldReader.Failure(reason: "\(count) chunks from chunk \(start) on") }
        self.chunks = chunks
        var records: [Record] = []
        var sum = 0
        for _ in 0..<count {
            let (serialized, unpacked) = (try fields.short(), try fields.short())
            let hash = try fields.hash(ChunkRole.self)
            let least = ChunkHeader.byteCount
            guard (least...least + ChunkHeader.maximumPackedByteCount).contains(serialized),
                unpacked <= ChunkHeader.maximumUnpackedByteCount
            else { throw FieldReader.Failure(reason: "a chunk of \(serialized) bytes") }
            sum += serialized
            records.append(Record(serializedByteCount: serialized, unpackedByteCount: unpacked, hash: hash))
        }
        self.records = records
        guard sum <= BundleFormat.maximumRunByteCount else {
            throw FieldReader.Failure(reason: "chunks of \(sum) bytes")
        }
        bytes = try fields.bytes(sum)
    }
}

extension BundleEnd {
    private var numbers: [UInt64] { [answerCount, fileCount, runCount, chunkCount, chunkByteCount] }

    func write(to buffer: inout ByteBuffer) {
        for number in numbers { buffer.writeInteger(number, endianness: .little) }
    }

    init(_ fields: inout FieldReader) throws(FieldReader.Failure) {
        answerCount = try fields.number(UInt64.self)
        fileCount = try fields.number(UInt64.self)
        runCount = try fields.number(UInt64.self)
        chunkCount = try fields.number(UInt64.self)
        chunkByteCount = try fields.number(UInt64.self)
    }
}
