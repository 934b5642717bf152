/// The entries of a listing as they stand in it, byte for byte.
public struct TreeSlices: Sendable {
    /// An entry.
    public struct Entry: Hashable, Sendable {
        /// Path from the root of the repository.
        public let path: String
        /// The entry's JSON.
        public let json: [UInt8]
    }

    /// In the order of the listing.
    public private(set) var entries: [Entry] = []

    /// No entry.
    public init() {}

    /// Adds those of a page; returns whether all of it was a listing.
    public mutating func add(_ page: [UInt8]) -> Bool {
        var reader = JSONReader(page)
        var found: [Entry] = []
        do {
            try reader.elements { reader in
                guard reader.isAtObject() else { throw JSONReader.Failure(offset: reader.offset) }
                let start = reader.offset
                var path: String?
                try reader.members { name, reader in
                    if name == "path" { path = try reader.string().value }
                }
                guard let path else { throw JSONReader.Failure(offset: start) }
                found.append(Entry(path: path, json: Array(page[start..<reader.offset])))
            }
            try reader.end()
        } catch {
            return false
        }
        entries += found
        return true
    }

    /// A listing of some entries, as JSON.
    public static func list(_ entries: [Entry]) -> [UInt8] {
        var json: [UInt8] = [UInt8(ascii: "[")]
        for (index, entry) in entries.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            json += entry.json
        }
        return json + [UInt8(ascii: "]")]
    }
}
