import FuzzDriver
import XetCore

/// Footers of stored xorbs: the input is a footer, followed by the offset at which it starts.
@main
enum FuzzXorbFooter {
    static func main() {
        unsafe runFuzzer { start, count in
            check(unsafe fuzzInput(start, count))
            return 0
        }
    }
}

private func check(_ input: [UInt8]) {
    guard input.count >= 4 else { return }
    let trailer = Array(input.suffix(4))
    if let length = try? XorbFooter.byteCount(trailer: trailer.rawSpan, xorbByteCount: UInt64(input.count)) {
        precondition(length + 4 <= input.count)
    }
    let end = UInt64(trailer.rawSpan.littleEndianUInt32(at: 0))
    let bytes = Array(input.dropLast(4))
    guard let footer = try? XorbFooter(parsing: bytes.rawSpan, start: end) else { return }
    precondition(footer.serializedEnds.count == footer.chunkHashes.count)
    guard let index = XorbIndex(footer) else { return }
    precondition(UInt64(index.serializedByteCount) == end)
    for chunk in 0..<index.chunkCount {
        precondition(index.unpackedByteCount(of: chunk) >= 0)
        guard let range = ChunkRange(start: 0, end: chunk + 1) else { preconditionFailure("a range of chunks") }
        precondition(index.serializedRange(of: range)?.first == 0)
        precondition(index.verificationHash(of: range) != nil)
    }
    // What was read is written the same, but for the unused bytes.
    var written: [UInt8] = []
    footer.append(to: &written, unpackedEnds: index.unpackedEnds)
    precondition(written.dropLast(20) == bytes.dropLast(16))
}
