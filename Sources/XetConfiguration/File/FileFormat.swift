/// The languages of configuration files, as far as they are read: options at the top level, each a string, a whole number,
/// a boolean or a list of strings.
///
/// What else the languages have is refused, so that nothing is read in another way than it was meant.
public enum FileFormat: String, Sendable, CaseIterable {
    case toml
    case json

    /// The format that the end of a file's name tells; `nil` for other ends.
    public init?(path: String) {
        guard let dot = path.lastIndex(of: ".") else { return nil }
        let end = path[path.index(after: dot)...].lowercased()
        self.init(rawValue: end)
    }

    /// The options in a file, in order; each name once.
    public func entries(of bytes: [UInt8]) throws(FileError) -> [FileEntry] {
        let cursor = try TextCursor(bytes)
        let entries: [FileEntry]
        switch self {
        case .toml: entries = try TOMLReader.entries(cursor)
        case .json: entries = try JSONFileReader.entries(cursor)
        }
        var lines: [String: Int] = [:]
        for entry in entries {
            if let first = lines[entry.name] {
                throw FileError(line: entry.line, "'\(Shown.text(entry.name))' is there already, in line \(first)")
            }
            lines[entry.name] = entry.line
        }
        return entries
    }
}
