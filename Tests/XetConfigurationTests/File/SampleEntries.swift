@testable import XetConfiguration

/// Files in the three languages that say the same.
enum SampleEntries {
    static let expected: [(String, FileValue)] = [
        ("host", .string("0.0.0.0")),
        ("port", .integer(8080)),
        ("allow-writes", .boolean(true)),
        ("h2c", .boolean(false)),
        ("max-body-size", .string("64 MiB")),
        ("public-url", .string("https://example.org/a#\"b\"\\")),
    ]

    /// What a text says, without lines.
    static func read(_ format: FileFormat, _ text: String) throws(FileError) -> [(String, FileValue)] {
        try format.entries(of: Array(text.utf8)).map { ($0.name, $0.value) }
    }

    /// The strings of the one list in a text, each with its line.
    static func list(_ format: FileFormat, _ text: String) throws(FileError) -> [FileText]? {
        guard case .strings(let items)? = try format.entries(of: Array(text.utf8)).first?.value else { return nil }
        return items
    }

    /// The line of the error that a text leads to; `nil` if it can be read.
    static func errorLine(_ format: FileFormat, _ text: String) -> Int? {
        do throws(FileError) {
            _ = try format.entries(of: Array(text.utf8))
            return nil
        } catch {
            return error.line
        }
    }
}
