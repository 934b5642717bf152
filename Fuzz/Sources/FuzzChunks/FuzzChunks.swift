import FuzzDriver
import XetCore

/// Chunk headers, payloads and LZ4 frames, read whole and in pieces.
@main
enum FuzzChunks {
    static func main() {
        unsafe runFuzzer { start, count in
            check(unsafe fuzzInput(start, count))
            return 0
        }
    }
}

private func check(_ input: [UInt8]) {
    let whole = outcome(of: [input])
    // The first byte decides where the input is split.
    let cut = min(input.count, Int(input.first ?? 0))
    let split = outcome(of: [Array(input[..<cut]), Array(input[cut...])])
    precondition(whole == split, "the split changed the outcome")
}

private enum Outcome: Equatable {
    case chunks([[UInt8]])
    case failure(XorbError)
}

private func outcome(of pieces: [[UInt8]]) -> Outcome {
    var reader = XorbChunkReader(end: .chunksOrFooter)
    var unpacker = ChunkUnpacker()
    var chunks: [[UInt8]] = []
    do throws(XorbError) {
        for piece in pieces {
            var offset = 0
            while let item = try reader.next(in: piece.rawSpan, from: &offset) {
                let bytes = try reader.unpack(item, in: piece.rawSpan, with: &unpacker)
                precondition(bytes.count == item.header.unpackedByteCount)
                chunks.append(bytes)
            }
            precondition(offset == piece.count || reader.isAtFooter)
        }
        try reader.finish()
        return .chunks(chunks)
    } catch {
        return .failure(error)
    }
}
