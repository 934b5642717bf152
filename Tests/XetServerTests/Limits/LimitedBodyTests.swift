import NIOCore
import Testing

@testable import XetServer

@Suite struct LimitedBodyTests {
    private struct Pieces: AsyncSequence, Sendable {
        struct AsyncIterator: AsyncIteratorProtocol {
            var rest: ArraySlice<Int>

            mutating func next() async throws -> ByteBuffer? {
                rest.popFirst().map { ByteBuffer(repeating: 1, count: $0) }
            }
        }

        let counts: [Int]

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: counts[...]) }
    }

    @Test(arguments: [([Int](), 0), ([10], 10), ([4, 3, 3], 10), ([0, 10, 0], 10)])
    func `a body that is short enough passes`(_ counts: [Int], _ total: Int) async throws {
        let body = LimitedBody(base: Pieces(counts: counts), byteCount: 10)
        #expect(try await body.collect(upTo: 100).readableBytes == total)
        #expect(!body.overflow.hasHappened)
    }

    @Test(arguments: [[11], [10, 1], [5, 5, 5]])
    func `one that is longer fails, and says so`(_ counts: [Int]) async throws {
        let body = LimitedBody(base: Pieces(counts: counts), byteCount: 10)
        await #expect(throws: NIOTooManyBytesError.self) { try await body.collect(upTo: 100) }
        #expect(body.overflow.hasHappened)
    }
}
