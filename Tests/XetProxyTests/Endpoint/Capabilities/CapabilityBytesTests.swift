import Testing
import XetServerTestSupport

@testable import XetProxy

@Suite struct CapabilityBytesTests {
    @Test(arguments: [0, 1, 127, 128, 16383, 16384, 1 << 62, 1 << 63, UInt64.max])
    func `numbers`(number: UInt64) {
        var writer = CapabilityWriter()
        writer.write(number)
        var reader = CapabilityReader(writer.bytes)
        #expect(reader.number() == number)
        #expect(reader.isAtEnd)
    }

    @Test func `texts`() {
        var writer = CapabilityWriter()
        for text in ["", "a", "ü", String(repeating: "x", count: 300)] { writer.write(text) }
        var reader = CapabilityReader(writer.bytes)
        for text in ["", "a", "ü", String(repeating: "x", count: 300)] { #expect(reader.text() == text) }
        #expect(reader.isAtEnd)
    }

    @Test(arguments: [
        [], [0x80], [UInt8](repeating: 0xFF, count: 10), [UInt8](repeating: 0x80, count: 11),
        [UInt8](repeating: 0x80, count: 9) + [2],
    ])
    func `what is no number`(bytes: [UInt8]) {
        var reader = CapabilityReader(bytes)
        #expect(reader.number() == nil)
    }

    @Test(
        arguments: [[], [2, 0x41], [1, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0x41]]
            as [[UInt8]]
    )
    func `what is no text`(bytes: [UInt8]) {
        var reader = CapabilityReader(bytes)
        #expect(reader.text() == nil)
    }
}
