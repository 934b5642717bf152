extension RawSpan {
    /// The byte at `offset`.
    ///
    /// Precondition: `offset` lies inside the span (checked).
    @inlinable
    public func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount)
        // SAFETY: checked above; any bit pattern is a `UInt8`.
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// The three bytes from `offset` on as an integer, as chunk headers hold lengths.
    package func littleEndianUInt24(at offset: Int) -> Int {
        Int(byte(at: offset)) | Int(byte(at: offset + 1)) << 8 | Int(byte(at: offset + 2)) << 16
    }

    package func littleEndianUInt32(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset <= byteCount - 4)
        // SAFETY: four bytes lie inside the span, checked above; any bit pattern is a `UInt32`.
        return unsafe UInt32(littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
    }

    package func littleEndianUInt64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= byteCount - 8)
        // SAFETY: eight bytes lie inside the span, checked above; any bit pattern is a `UInt64`.
        return unsafe UInt64(littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// Whether the bytes from `offset` on are those of `other`.
    package func hasBytes(_ other: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, offset <= byteCount - other.count else { return false }
        return other.indices.allSatisfy { byte(at: offset + $0) == other[$0] }
    }
}

extension [UInt8] {
    /// The bytes, as codecs and hashers take them.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get {
            // SAFETY: a `UInt8` has no padding, so every byte is initialized.
            unsafe span.bytes
        }
    }

    package mutating func appendLittleEndian(_ value: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// Appends the eight bytes of `value`.
    package mutating func appendLittleEndian(_ value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// Appends the low three bytes of `value`.
    package mutating func appendLittleEndianUInt24(_ value: Int) {
        append(UInt8(truncatingIfNeeded: value))
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value >> 16))
    }

    /// Appends 16 lower-case hex digits.
    package mutating func appendHex(_ word: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: word >> shift) & 0xF
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    /// Copies the bytes of a span.
    package init(copying bytes: RawSpan) {
        self.init()
        reserveCapacity(bytes.byteCount)
        append(copying: bytes)
    }

    package mutating func append(copying bytes: RawSpan) {
        // SAFETY: the buffer is only read inside the call that lends it.
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}

extension UInt8 {
    /// The value of an ASCII hex digit of either case.
    package var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
