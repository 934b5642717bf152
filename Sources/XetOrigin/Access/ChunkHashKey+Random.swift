import XetCore

extension ChunkHashKey {
    /// A new key.
    static func random() -> ChunkHashKey {
        var generator = SystemRandomNumberGenerator()
        return ChunkHashKey(words: (generator.next(), generator.next(), generator.next(), generator.next()))
    }
}
