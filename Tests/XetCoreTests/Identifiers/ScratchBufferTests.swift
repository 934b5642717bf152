import Testing

@testable import XetCore

@Suite struct ScratchBufferTests {
    private struct Refusal: Error {}

    @Test func `holds what was written last`() {
        var buffer = ScratchBuffer()
        #expect(Array(copying: buffer.bytes) == [])
        for content in [[1, 2, 3], [4], [], [5, 6, 7, 8, 9]] as [[UInt8]] {
            buffer.replace(capacity: content.count) { output in
                #expect(output.freeCapacity == content.count)
                output.append(copying: content.rawSpan)
            }
            #expect(Array(copying: buffer.bytes) == content)
        }
    }

    @Test func `keeps only what was written`() throws {
        var buffer = ScratchBuffer()
        buffer.replace(capacity: 100) { $0.append(7) }
        #expect(Array(copying: buffer.bytes) == [7])
        #expect(throws: Refusal.self) {
            try buffer.replace(capacity: 3) { output in
                output.append(8)
                throw Refusal()
            }
        }
        #expect(Array(copying: buffer.bytes) == [8])
    }
}
