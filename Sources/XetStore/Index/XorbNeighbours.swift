import XetCore

/// Which other xorbs are likely to help one who has chunks of a xorb.
enum XorbNeighbours {
    /// The xorbs that files with chunks of `xorb` are made of too: what follows it in each file before what precedes it.
    static func of(_ xorb: XorbHash, in files: [ShardFile], maximumCount: Int) -> [XorbHash] {
        var found: [XorbHash] = []
        var known: Set<XorbHash> = [xorb]
        for file in files where found.count < maximumCount {
            guard let position = file.terms.firstIndex(where: { $0.xorb == xorb }) else { continue }
            for term in file.terms[position...] + file.terms[..<position] where known.insert(term.xorb).inserted {
                guard found.count < maximumCount else { break }
                found.append(term.xorb)
            }
        }
        return found
    }
}
