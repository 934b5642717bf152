import Testing
import XetCore
import XetTestSupport

@Suite struct FileHasherTests {
    @Test(arguments: [1, 1000, 70_000, 500_000])
    func `golden inputs in pieces`(maximum: Int) throws {
        var random = SplitMix64(seed: UInt64(maximum))
        for file in try Golden.load().files where maximum > 1 || file.size < 100_000 {
            let input = try #require(Inputs.golden(file.name))
            var hasher = FileHasher()
            for piece in input.pieces(upTo: maximum, using: &random) { hasher.update(piece.rawSpan) }
            #expect(hasher.finish().text == file.fileHash, "\(file.name)")
        }
    }
}
