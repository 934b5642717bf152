import FuzzDriver
import XetCore

/// Shards of all three uses.
@main
enum FuzzShard {
    static func main() {
        unsafe runFuzzer { start, count in
            check(unsafe fuzzInput(start, count))
            return 0
        }
    }
}

private func check(_ input: [UInt8]) {
    guard let shard = try? Shard(parsing: input.rawSpan) else { return }
    do throws(ShardError) {
        // Lookup tables that were left incomplete are written whole, so the second form can be longer than the input.
        let written = try shard.serialized()
        let again = try Shard(parsing: written.rawSpan)
        precondition(again == shard)
        let rewritten = try again.serialized()
        precondition(rewritten == written)
    } catch {
        preconditionFailure("a shard that was read cannot be written: \(error)")
    }
    let index = ShardChunkIndex(shard)
    for xorb in shard.xorbs.prefix(4) {
        precondition(shard.xorb(xorb.hash) != nil)
        _ = index.longestMatch(of: xorb.chunks.map(\.hash))
    }
    for file in shard.files.prefix(4) {
        precondition(shard.file(file.hash) != nil)
    }
}
