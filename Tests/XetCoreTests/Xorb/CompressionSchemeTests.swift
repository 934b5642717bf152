import Testing
import XetCore
import XetTestSupport

@Suite struct CompressionSchemeTests {
    @Test func `raw values and names`() {
        #expect(CompressionScheme.allCases.map(\.rawValue) == [0, 1, 2])
        #expect(Set(CompressionScheme.allCases.map(\.name)).count == 3)
        #expect(CompressionScheme(rawValue: 3) == nil)
        #expect(CompressionScheme(rawValue: 99) == nil)
    }

    @Test func `floats are grouped, text is not`() {
        #expect(predicted(Inputs.halfs(20_000, seed: 3)) == .byteGroupingLZ4)
        #expect(predicted(Inputs.lines(20_000)) == .lz4)
        #expect(predicted(Inputs.splitmix(131_072, seed: 3)) == .lz4)
        #expect(predicted([UInt8](repeating: 7, count: 9000)) == .lz4)
    }

    /// Chunks that the reference client compressed say what it predicted.
    @Test func `predicts what the reference client chose`() throws {
        let golden = try Golden.load()
        var compared = 0
        for xorb in golden.xorbs {
            let bytes = try Vectors.golden(xorb.file)
            guard let first = try unpackedChunks(of: [Array(bytes.prefix(xorb.footerStart))]).first,
                first.header.scheme != .none
            else { continue }
            #expect(predicted(first.bytes) == first.header.scheme, "\(xorb.file)")
            compared += 1
        }
        #expect(compared >= 4)
    }

    @Test(arguments: 0...9)
    func `any length`(count: Int) throws {
        let bytes = Inputs.splitmix(count, seed: 8)
        let scheme = predicted(bytes)
        #expect(scheme != .none)
        guard count > 0 else { return }
        var packer = ChunkPacker()
        var packed: [UInt8] = []
        try packer.pack(bytes.rawSpan, scheme: scheme, into: &packed)
        #expect(try unpackedChunk(packed) == bytes)
    }

    private func predicted(_ bytes: [UInt8]) -> CompressionScheme {
        CompressionScheme.predicted(for: bytes.rawSpan)
    }
}
