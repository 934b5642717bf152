import BLAKE3
package import NIOCore
import XetAccess
import XetCore

/// Makes a bundle: each call returns the bytes that come next.
package struct BundleWriter: ~Copyable {
    private var hasher = BLAKE3Hasher()
    private var end = BundleEnd()
    private var isBegun = false
    /// Bytes so far.
    package private(set) var byteCount: UInt64 = 0

    package init() {}

    /// How much of everything there is so far.
    package var counts: BundleEnd { end }

    /// The mark, and what the bundle is of: the first call.
    package mutating func begin(_ contents: BundleContents) throws(BundleError) -> ByteBuffer {
        guard !isBegun else { throw .unwritable(reason: "a second beginning") }
        isBegun = true
        var frame = ByteBuffer(bytes: BundleFormat.mark)
        hasher.update(frame.readableBytesSpan)
        frame.writeImmutableBuffer(
            try self.frame(.contents) { buffer throws(BundleError) in
                try contents.write(to: &buffer)
            }
        )
        byteCount += UInt64(BundleFormat.mark.count)
        return frame
    }

    /// Adds a record; not ``BundleRecord/contents(_:)`` and not the end.
    package mutating func append(_ record: BundleRecord) throws(BundleError) -> ByteBuffer {
        guard isBegun else { throw .unwritable(reason: "no beginning") }
        switch record {
        case .answer(let answer):
            end.answerCount += 1
            return try frame(.answer) { buffer throws(BundleError) in try answer.write(to: &buffer) }
        case .file(let file):
            if file.part.end == file.byteCount { end.fileCount += 1 }
            return try frame(.file) { buffer throws(BundleError) in try file.write(to: &buffer) }
        case .chunks(let run):
            end.note(run)
            return try frame(.chunks) { buffer throws(BundleError) in try run.write(to: &buffer) }
        case .contents, .end:
            throw .unwritable(reason: "a record in the wrong place")
        }
    }

    /// The end, signed if there is a key: the last call.
    package mutating func finish(signedBy key: SigningKey?) throws(BundleError) -> ByteBuffer {
        let end = end
        var bytes = try frame(.end) { buffer throws(BundleError) in end.write(to: &buffer) }
        let digest = FrameHash.bytes(hasher.finalize())
        let signature = try key.map { key throws(BundleError) in try key.signature(of: digest) } ?? []
        bytes.writeImmutableBuffer(
            try frame(.signature) { buffer throws(BundleError) in buffer.writeBytes(signature) }
        )
        return bytes
    }

    private mutating func frame(
        _ kind: FrameKind,
        _ write: (inout ByteBuffer) throws(BundleError) -> Void
    ) throws(BundleError) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(kind.rawValue)
        buffer.writeInteger(UInt32(0), endianness: .little)
        try write(&buffer)
        let count = buffer.readableBytes - BundleFormat.headByteCount
        guard count <= kind.maximumByteCount else { throw .unwritable(reason: "a frame of \(count) bytes") }
        buffer.setInteger(UInt32(count), at: buffer.readerIndex + 1, endianness: .little)
        hasher.update(buffer.readableBytesSpan)
        buffer.writeBytes(FrameHash.bytes(hasher.finalize()))
        byteCount += UInt64(buffer.readableBytes)
        return buffer
    }
}

enum FrameHash {
    static func bytes(_ digest: BLAKE3Digest) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(BundleFormat.hashByteCount)
        for word in [digest.w0, digest.w1, digest.w2, digest.w3] { bytes.appendLittleEndian(word) }
        return bytes
    }
}
