/// Leaves elements out of a JSON array; the others stay byte for byte.
package enum ListFiltering {
    /// The array with those of its objects for whose names (`id`, `modelId`) `keeps` says so; what has none is left out.
    ///
    /// Throws ``JSONReader/Failure`` if it is no array.
    package static func filter(_ json: [UInt8], keeps: ([String]) -> Bool) throws -> [UInt8] {
        var reader = JSONReader(json)
        var kept: [Range<Int>] = []
        try reader.elements { reader in
            guard reader.isAtObject() else { return try reader.skip() }
            let start = reader.offset
            var names: [String] = []
            try reader.members { name, reader in
                guard name == "id" || name == "modelId" else { return }
                names.append(try reader.string().value)
            }
            if !names.isEmpty, keeps(names) { kept.append(start..<reader.offset) }
        }
        try reader.end()
        var filtered: [UInt8] = [UInt8(ascii: "[")]
        for (index, place) in kept.enumerated() {
            if index > 0 { filtered.append(UInt8(ascii: ",")) }
            filtered.append(contentsOf: json[place])
        }
        filtered.append(UInt8(ascii: "]"))
        return filtered
    }
}
