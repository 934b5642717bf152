import Crypto
import XetWire

/// How the part of a file is called until it is whole: after the file, and after the content that it is a part of.
///
/// `weights.bin.0123456789abcdef0123456789abcdef.partial`: the digits are 128 bits of a SHA-256 over the name of the file
/// and the identity of the content, so parts of different contents are never mixed. If the name becomes too long, the
/// first part of it is shortened.
enum PartialName {
    private static let suffix = Array(".partial".utf8)
    private static let digestByteCount = 16

    /// The name beside a file called `target`, at most `maximumByteCount` long.
    static func name(of target: [UInt8], identity: String, maximumByteCount: Int) -> [UInt8] {
        // The length keeps the two apart.
        let digested = Array("\(target.count) ".utf8) + target + Array(identity.utf8)
        let digits = Array(SHA256.hash(data: digested).prefix(digestByteCount)).hexText
        let end = [UInt8(ascii: ".")] + Array(digits.utf8) + suffix
        return shortened(target, to: max(0, maximumByteCount - end.count)) + end
    }

    /// The first bytes, without the beginning of a character whose end does not fit.
    private static func shortened(_ name: [UInt8], to byteCount: Int) -> ArraySlice<UInt8> {
        guard name.count > byteCount else { return name[...] }
        var end = byteCount
        while end > 0, end > byteCount - 4, name[end] & 0xC0 == 0x80 { end -= 1 }
        return name[..<end]
    }
}
