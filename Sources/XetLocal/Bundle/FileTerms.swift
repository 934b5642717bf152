import XetAccess
import XetCore

/// Puts the terms of a file together from those of its windows.
///
/// The chunk over the border of two windows is in the terms of both.
struct FileTerms: Sendable {
    private(set) var terms: [Term] = []
    private(set) var byteCount: UInt64 = 0

    /// Adds the terms of the window that comes next; throws `.invalidResponse` if they do not go on where those
    /// before ended.
    mutating func append(_ part: FilePart, of name: String) throws {
        let broken = XetError(.invalidResponse, "the CAS says of \(name) what does not fit together")
        guard part.start <= byteCount, part.end >= byteCount else { throw broken }
        var rest = part.terms[...]
        if let last = terms.last, let next = rest.first {
            let overlap = byteCount - part.start
            let isSame = last.xorb == next.xorb && last.chunks.start <= next.chunks.start
            let isContinued = isSame && next.chunks.start == last.chunks.end && overlap == 0
            let isOverlapped = isSame && next.chunks.start < last.chunks.end && overlap > 0
            if isContinued || isOverlapped {
                let count = last.unpackedByteCount + next.unpackedByteCount - Int(clamping: overlap)
                guard overlap <= UInt64(last.unpackedByteCount), overlap <= UInt64(next.unpackedByteCount),
                    let chunks = ChunkRange(start: last.chunks.start, end: max(last.chunks.end, next.chunks.end)),
                    let joined = try? Term(xorb: last.xorb, chunks: chunks, unpackedByteCount: count)
                else { throw broken }
                terms[terms.count - 1] = joined
                rest = rest.dropFirst()
            } else if overlap > 0 {
                throw broken
            }
        } else if part.start != byteCount {
            throw broken
        }
        terms += rest
        byteCount = part.end
    }
}
