import CCRC64

/// CRC-64/NVME of bytes that come in pieces.
///
/// It tells what was damaged by chance, not what somebody forged. The check value of `123456789` is
/// `ae8b14860a799888`.
/// Source: NVM Express, NVM Command Set Specification, "64b CRC".
public struct CRC64: Hashable, Sendable {
    /// The CRC of the bytes so far; 0 for none.
    public private(set) var value: UInt64 = 0

    /// The CRC of no bytes.
    public init() {}

    /// The CRC of `bytes`.
    public init(of bytes: RawSpan) {
        update(bytes)
    }

    /// Adds bytes.
    public mutating func update(_ bytes: RawSpan) {
        // SAFETY: the kernel reads just the bytes of the span, and keeps no pointer.
        value = unsafe bytes.withUnsafeBytes { unsafe ccrc64_update(value, $0.baseAddress, $0.count) }
    }
}
