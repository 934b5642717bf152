/// What unpacking and hashing took, on the clock of the wall.
struct DecodingWork: Hashable, Sendable {
    var decoding = Duration.zero
    var hashing = Duration.zero
    /// Bytes unpacked.
    var byteCount = 0
}
