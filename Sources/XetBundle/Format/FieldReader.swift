import NIOCore
import XetCore

/// Reads the fields of a frame, in order; numbers are little-endian.
struct FieldReader {
    /// Why a frame is none.
    struct Failure: Error {
        let reason: String
    }

    private var bytes: ByteBuffer

    init(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(Failure) -> Number {
        guard let number = bytes.readInteger(endianness: .little, as: Number.self) else {
            throw Failure(reason: "a number is missing")
        }
        return number
    }

    /// Three bytes.
    mutating func short() throws(Failure) -> Int {
        Int(try number(UInt16.self)) | Int(try number(UInt8.self)) << 16
    }

    mutating func hash<Role>(_: Role.Type) throws(Failure) -> ContentHash<Role> {
        ContentHash(
            words: (
                try number(UInt64.self), try number(UInt64.self), try number(UInt64.self), try number(UInt64.self)
            )
        )
    }

    mutating func bytes(_ count: Int) throws(Failure) -> ByteBuffer {
        guard count >= 0, let slice = bytes.readSlice(length: count) else {
            throw Failure(reason: "\(count) bytes are missing")
        }
        return slice
    }

    /// A length as 16 bits, and UTF-8.
    mutating func text() throws(Failure) -> String {
        let slice = try bytes(Int(try number(UInt16.self)))
        guard let text = String(validating: slice.readableBytesView, as: UTF8.self) else {
            throw Failure(reason: "a text is no UTF-8")
        }
        return text
    }

    /// What is left.
    mutating func rest() -> ByteBuffer {
        defer { bytes.moveReaderIndex(to: bytes.writerIndex) }
        return bytes
    }

    func finish() throws(Failure) {
        guard bytes.readableBytes == 0 else {
            throw Failure(reason: "\(bytes.readableBytes) bytes are left over")
        }
    }
}
