import XetCore

/// Spreads files and xorbs over as many shards as their length asks for.
enum ShardSplit {
    /// Longest body that is made, in bytes.
    static let targetByteCount = Shard.maximumByteCount / 4

    /// Shards in the order in which they are to be registered; none without files and xorbs.
    ///
    /// A file whose terms alone exceed the target gets a shard of its own.
    static func shards(files: [ShardFile], xorbs: [ShardXorb], targetByteCount: Int = targetByteCount) -> [Shard] {
        var shards: [Shard] = []
        var group: (files: [ShardFile], xorbs: [ShardXorb]) = ([], [])
        var byteCount = 0
        func close() {
            guard !group.files.isEmpty || !group.xorbs.isEmpty else { return }
            shards.append(Shard(files: group.files, xorbs: group.xorbs))
            group = ([], [])
            byteCount = 0
        }
        for xorb in xorbs {
            let count = Shard(files: [], xorbs: [xorb]).uploadByteCount
            if byteCount + count > targetByteCount { close() }
            group.xorbs.append(xorb)
            byteCount += count
        }
        for file in files {
            let count = Shard(files: [file], xorbs: []).uploadByteCount
            if byteCount + count > targetByteCount { close() }
            group.files.append(file)
            byteCount += count
        }
        close()
        return shards
    }
}
