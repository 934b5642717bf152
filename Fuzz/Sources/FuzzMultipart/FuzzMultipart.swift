import FuzzDriver
import Multipart
import NIOCore
import XetCore
import XetWire

/// Bodies in parts: nothing traps, and no range gets bytes that are not there, however the body is cut.
@main
enum FuzzMultipart {
    static func main() {
        unsafe runFuzzer { start, count in
            check(unsafe fuzzInput(start, count))
            return 0
        }
    }
}

private let ranges = [(0, 0), (5, 12), (20, 29)].compactMap { HTTPByteRange(first: $0.0, last: $0.1) }

private struct Found: Equatable {
    var contents = [[UInt8]](repeating: [], count: ranges.count)
    var completeCount = 0
    var error: MultipartError?
}

private func read(_ body: ArraySlice<UInt8>, pieceByteCount: Int) -> Found {
    guard let boundary = MultipartBoundary("b") else { preconditionFailure("a boundary") }
    var reader = MultipartReader(ranges, boundary: boundary)
    var found = Found()
    var rest = body
    do {
        while !rest.isEmpty {
            var piece = ByteBuffer(bytes: rest.prefix(pieceByteCount))
            rest = rest.dropFirst(pieceByteCount)
            while let slice = try reader.next(in: &piece) {
                precondition(slice.bytes.readableBytes > 0, "a slice without bytes")
                found.contents[slice.index] += slice.bytes.readableBytesView
            }
            precondition(piece.readableBytes == 0, "bytes that were left")
        }
    } catch {
        found.error = error
    }
    found.completeCount = reader.completeCount
    for (index, range) in ranges.enumerated() {
        let count = found.contents[index].count
        precondition(index < found.completeCount ? count == range.count : count < range.count, "the bytes of a range")
        precondition(index <= found.completeCount || count == 0, "bytes before their turn")
    }
    return found
}

private func check(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let body = bytes.dropFirst()
    precondition(read(body, pieceByteCount: max(1, body.count)) == read(body, pieceByteCount: 1 + Int(choice)))
}
