/// Reads one JSON object whose members are options.
enum JSONFileReader {
    private static let expected = "a string, a whole number, true, false or a list of strings"

    static func entries(_ cursor: TextCursor) throws(FileError) -> [FileEntry] {
        var cursor = cursor
        skipEmpty(&cursor)
        guard cursor.take("{") else { throw cursor.error("expected '{'") }
        var entries: [FileEntry] = []
        skipEmpty(&cursor)
        if !cursor.take("}") {
            repeat {
                entries.append(try entry(&cursor))
                skipEmpty(&cursor)
            } while cursor.take(",")
            guard cursor.take("}") else { throw cursor.error("expected ',' or '}'") }
        }
        skipEmpty(&cursor)
        guard cursor.isAtEnd else { throw cursor.error("there is more after the last '}'") }
        return entries
    }

    private static func entry(_ cursor: inout TextCursor) throws(FileError) -> FileEntry {
        skipEmpty(&cursor)
        guard cursor.next == UInt8(ascii: "\"") else {
            throw cursor.error("expected the name of an option in double quotes")
        }
        let line = cursor.line
        let name = try QuotedText.read(&cursor, .json)
        skipEmpty(&cursor)
        guard cursor.take(":") else { throw cursor.error("expected ':' after '\(Shown.text(name))'") }
        skipEmpty(&cursor)
        return FileEntry(name: name, value: try value(&cursor, of: name), line: line)
    }

    private static func value(_ cursor: inout TextCursor, of name: String) throws(FileError) -> FileValue {
        switch cursor.next {
        case UInt8(ascii: "\""): return .string(try QuotedText.read(&cursor, .json))
        case UInt8(ascii: "["): return .strings(try list(&cursor, of: name))
        case UInt8(ascii: "{"): throw cursor.error("every option stands at the top level, in no other object")
        default: break
        }
        let word = cursor.take { TOMLReader.isNameByte($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: ".") }
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": throw cursor.error("'\(Shown.text(name))' has no value: leave it out")
        default: break
        }
        guard !word.hasPrefix("+"), let number = WholeNumber.parse(word) else {
            throw cursor.error("'\(Shown.text(name))' is to be \(expected)")
        }
        return .integer(number)
    }

    private static func list(_ cursor: inout TextCursor, of name: String) throws(FileError) -> [FileText] {
        cursor.take()
        skipEmpty(&cursor)
        if cursor.take("]") { return [] }
        var items: [FileText] = []
        repeat {
            skipEmpty(&cursor)
            guard cursor.next == UInt8(ascii: "\"") else {
                throw cursor.error("the list '\(Shown.text(name))' holds strings, with commas between them")
            }
            let line = cursor.line
            items.append(FileText(text: try QuotedText.read(&cursor, .json), line: line))
            skipEmpty(&cursor)
        } while cursor.take(",")
        guard cursor.take("]") else {
            throw cursor.error("the list '\(Shown.text(name))' holds strings, with commas between them")
        }
        return items
    }

    private static func skipEmpty(_ cursor: inout TextCursor) {
        _ = cursor.take { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\n") }
    }
}
