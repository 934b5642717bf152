/// Finds the name that somebody may have meant.
package enum NearestName {
    /// The name among `names` that a misspelt one is nearest to; `nil` if it is far from all.
    ///
    /// Case, and underscores in the place of hyphens, do not count.
    package static func find(_ text: String, among names: [String]) -> String? {
        guard text.utf8.count <= 64 else { return nil }
        let wanted = plain(text)
        let nearest = names.map { (name: $0, distance: distance(wanted, plain($0))) }.min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= max(1, min(wanted.count, nearest.name.utf8.count) / 3) else {
            return nil
        }
        return nearest.name
    }

    private static func plain(_ name: String) -> [UInt8] {
        name.lowercased().utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
    }

    /// How many bytes have to be inserted, removed, replaced or swapped with their neighbour to make one of the other.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var least = min(last[column + 1], current[column]) + 1
                least = min(least, last[column] + (byte == other ? 0 : 1))
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
