import BLAKE3
import NIOCore
import XetAccess
import XetCore

/// Reads a bundle from pieces of any size.
///
/// For each piece call ``next(in:from:)`` until it returns `nil`, and ``finish()`` after the last. A record is
/// returned once the hash behind its frame was right; that all is whole, and signed by whom it should be, is certain
/// only when
/// ``finish()`` has returned. At most one frame is held (36 MiB).
package struct BundleReader: ~Copyable {
    private enum Step {
        case mark
        case head
        case payload(FrameKind, Int)
        case hash(FrameKind)
        case done
    }

    /// As much is made room for at once, whatever a length says.
    private static let reservedByteCount = 8 << 20

    private let trusted: [VerifyingKey]
    private var hasher = BLAKE3Hasher()
    private var step = Step.mark
    private var gathered = ByteBuffer()
    private var payload = ByteBuffer()
    private var repositories: Set<String>?
    private var counts = BundleEnd()
    private var openFile: BundledFile?
    private var end: (counts: BundleEnd, digest: [UInt8])?
    /// Bytes of frames that were right, and of the one that is being read.
    package private(set) var offset: UInt64 = 0
    /// Who signed it, once that has been read and was right.
    package private(set) var signer: VerifyingKey?

    /// A reader that takes what one of `trusted` has signed, and anything if there are none.
    package init(trusted: [VerifyingKey] = []) {
        self.trusted = trusted
    }

    /// The next record, `nil` if `piece` is used up from `offset` on.
    package mutating func next(in piece: RawSpan, from start: inout Int) throws(BundleError) -> BundleRecord? {
        while true {
            if case .done = step {
                guard start == piece.byteCount else { throw .trailing(offset: offset) }
                return nil
            }
            let needed = needed
            gather(piece, &start, upTo: needed)
            guard gathered.readableBytes == needed else { return nil }
            if let record = try advance() { return record }
        }
    }

    /// Checks that nothing is missing; returns how much there was.
    package func finish() throws(BundleError) -> BundleEnd {
        guard case .done = step, let end else { throw .truncated(offset: offset) }
        return end.counts
    }

    private var needed: Int {
        switch step {
        case .mark: BundleFormat.mark.count
        case .head: BundleFormat.headByteCount
        case .payload(_, let count): count
        case .hash: BundleFormat.hashByteCount
        case .done: 0
        }
    }

    private mutating func gather(_ piece: RawSpan, _ start: inout Int, upTo count: Int) {
        let moved = min(count - gathered.readableBytes, piece.byteCount - start)
        guard moved > 0 else { return }
        if gathered.capacity == 0 { gathered.reserveCapacity(min(count, Self.reservedByteCount)) }
        // SAFETY: the bytes are only read inside the call that lends them.
        unsafe piece.extracting(start..<start + moved).withUnsafeBytes { _ = unsafe gathered.writeBytes($0) }
        start += moved
        offset += UInt64(moved)
    }

    private mutating func advance() throws(BundleError) -> BundleRecord? {
        let bytes = gathered
        gathered = ByteBuffer()
        switch step {
        case .mark:
            guard bytes.readableBytesView.elementsEqual(BundleFormat.mark) else { throw .noBundle }
            hasher.update(bytes.readableBytesSpan)
            step = .head
        case .head:
            hasher.update(bytes.readableBytesSpan)
            step = try head(bytes)
        case .payload(let kind, _):
            hasher.update(bytes.readableBytesSpan)
            payload = bytes
            step = .hash(kind)
        case .hash(let kind):
            let digest = FrameHash.bytes(hasher.finalize())
            guard bytes.readableBytesView.elementsEqual(digest) else { throw .damaged(offset: offset) }
            let payload = payload
            self.payload = ByteBuffer()
            step = .head
            return try record(kind, payload, digest)
        case .done: break
        }
        return nil
    }

    private func head(_ bytes: ByteBuffer) throws(BundleError) -> Step {
        var bytes = bytes
        guard let number = bytes.readInteger(as: UInt8.self), let kind = FrameKind(rawValue: number),
            let length = bytes.readInteger(endianness: .little, as: UInt32.self), length <= kind.maximumByteCount
        else { throw .invalid(offset: offset, reason: "no such frame") }
        let isExpected =
            switch kind {
            case .contents: repositories == nil
            case .answer, .chunks: repositories != nil && end == nil && openFile == nil
            case .file: repositories != nil && end == nil
            case .end: repositories != nil && end == nil && openFile == nil
            case .signature: end != nil
            }
        guard isExpected else { throw .invalid(offset: offset, reason: "a frame in the wrong place") }
        return length == 0 ? .hash(kind) : .payload(kind, Int(length))
    }

    private mutating func record(
        _ kind: FrameKind,
        _ payload: ByteBuffer,
        _ digest: [UInt8]
    ) throws(BundleError) -> BundleRecord? {
        let record: BundleRecord?
        do throws(FieldReader.Failure) {
            record = try Self.record(kind, payload)
        } catch {
            throw .invalid(offset: offset, reason: error.reason)
        }
        guard let record else {
            try check(signature: Array(payload.readableBytesView))
            step = .done
            return nil
        }
        try note(record, digest)
        return record
    }

    /// What a frame says; `nil` for a signature.
    private static func record(
        _ kind: FrameKind,
        _ payload: ByteBuffer
    ) throws(FieldReader.Failure) -> BundleRecord? {
        var fields = FieldReader(payload)
        let record: BundleRecord
        switch kind {
        case .contents: record = .contents(try BundleContents(&fields))
        case .answer: record = .answer(try ArchivedAnswer(&fields))
        case .file: record = .file(try BundledFile(&fields))
        case .chunks: record = .chunks(try BundledRun(&fields))
        case .end: record = .end(try BundleEnd(&fields))
        case .signature: return nil
        }
        try fields.finish()
        return record
    }

    /// Compares a record with those before it.
    private mutating func note(_ record: BundleRecord, _ digest: [UInt8]) throws(BundleError) {
        switch record {
        case .contents(let contents):
            repositories = Set(contents.sources.map(\.repository))
        case .answer(let answer):
            guard repositories?.contains(answer.repository) == true else {
                throw .invalid(offset: offset, reason: "an answer about another repository")
            }
            counts.answerCount += 1
        case .file(let file):
            let isNext =
                if let openFile {
                    file.hash == openFile.hash && file.byteCount == openFile.byteCount
                        && file.part.start == openFile.part.end
                } else {
                    file.part.start == 0
                }
            guard isNext, file.part.end > file.part.start || file.byteCount == 0 else {
                throw .invalid(offset: offset, reason: "terms that do not follow one another")
            }
            let isWhole = file.part.end == file.byteCount
            openFile = isWhole ? nil : file
            if isWhole { counts.fileCount += 1 }
        case .chunks(let run):
            counts.note(run)
        case .end(let found):
            guard found == counts else { throw .miscounted }
            end = (found, digest)
        }
    }

    private mutating func check(signature: [UInt8]) throws(BundleError) {
        guard !signature.isEmpty else {
            guard trusted.isEmpty else { throw .unsigned }
            return
        }
        guard signature.count == BundleFormat.signatureByteCount, let digest = end?.digest,
            let key = VerifyingKey(bytes: Array(signature.prefix(VerifyingKey.byteCount)))
        else { throw .wrongSignature }
        let rest = Array(signature.dropFirst(VerifyingKey.byteCount))
        guard key.isSignature(rest, of: digest) else { throw .wrongSignature }
        guard trusted.isEmpty || trusted.contains(key) else { throw .untrusted(key: key.text) }
        signer = key
    }
}
