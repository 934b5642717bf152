/// Reads the part of TOML 1.0 that options need: no tables, no dotted names, no strings over several lines.
enum TOMLReader {
    private static let expected = "a string in quotes, a whole number, true, false or a list of strings"

    static func entries(_ cursor: TextCursor) throws(FileError) -> [FileEntry] {
        var cursor = cursor
        var entries: [FileEntry] = []
        while true {
            try skipEmpty(&cursor)
            guard let byte = cursor.next else { return entries }
            if byte == UInt8(ascii: "[") {
                throw cursor.error("there are no tables here: every option stands at the top level")
            }
            let line = cursor.line
            let name = try name(&cursor)
            cursor.takeBlanks()
            if cursor.next == UInt8(ascii: ".") {
                throw cursor.error("there are no dotted names here: every option stands at the top level")
            }
            guard cursor.take("=") else { throw cursor.error("expected '=' after '\(Shown.text(name))'") }
            cursor.takeBlanks()
            let value = try value(&cursor, of: name)
            cursor.takeBlanks()
            if cursor.next == UInt8(ascii: "#") { cursor.takeRestOfLine() }
            guard cursor.isAtLineEnd else {
                throw cursor.error("there is more after the value of '\(Shown.text(name))'")
            }
            entries.append(FileEntry(name: name, value: value, line: line))
        }
    }

    /// Skips blanks, ends of lines and comments.
    private static func skipEmpty(_ cursor: inout TextCursor) throws(FileError) {
        while let byte = cursor.next {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"): cursor.take()
            case UInt8(ascii: "#"): cursor.takeRestOfLine()
            default: return
            }
        }
    }

    private static func name(_ cursor: inout TextCursor) throws(FileError) -> String {
        if cursor.next == UInt8(ascii: "\"") || cursor.next == UInt8(ascii: "'") { return try string(&cursor) }
        let name = cursor.take(while: isNameByte)
        guard !name.isEmpty else { throw cursor.error("expected the name of an option") }
        return name
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func value(_ cursor: inout TextCursor, of name: String) throws(FileError) -> FileValue {
        switch cursor.next {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string(&cursor))
        case UInt8(ascii: "["): return .strings(try list(&cursor, of: name))
        default: break
        }
        let word = cursor.take { isNameByte($0) || $0 == UInt8(ascii: "+") }
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: break
        }
        guard let number = number(word) else {
            throw cursor.error("'\(Shown.text(name))' is to be \(expected)")
        }
        return .integer(number)
    }

    /// A whole number; single underscores may stand between digits.
    private static func number(_ word: String) -> Int? {
        let isWellFormed = !word.hasPrefix("_") && !word.hasSuffix("_") && !word.contains("__")
        let isSigned = word.hasPrefix("-_") || word.hasPrefix("+_")
        return isWellFormed && !isSigned ? WholeNumber.parse(word.filter { $0 != "_" }) : nil
    }

    private static func string(_ cursor: inout TextCursor) throws(FileError) -> String {
        let quote = cursor.next
        if quote == cursor.peek(1), quote == cursor.peek(2) {
            throw cursor.error("there are no strings over several lines here")
        }
        if quote == UInt8(ascii: "\"") { return try QuotedText.read(&cursor, .toml) }
        let line = cursor.line
        cursor.take()
        let text = cursor.take { $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\n") }
        guard cursor.take("'") else { throw FileError(line: line, "the string does not end in its line") }
        return text
    }

    private static func list(_ cursor: inout TextCursor, of name: String) throws(FileError) -> [FileText] {
        let start = cursor.line
        cursor.take()
        var items: [FileText] = []
        while true {
            try skipEmpty(&cursor)
            if cursor.take("]") { return items }
            guard let byte = cursor.next else { throw FileError(line: start, "the list does not end") }
            guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else {
                throw cursor.error("the list '\(Shown.text(name))' holds strings in quotes, with commas between them")
            }
            let line = cursor.line
            items.append(FileText(text: try string(&cursor), line: line))
            try skipEmpty(&cursor)
            if cursor.take(",") { continue }
            guard cursor.next == UInt8(ascii: "]") || cursor.isAtEnd else {
                throw cursor.error("the list '\(Shown.text(name))' holds strings in quotes, with commas between them")
            }
        }
    }
}
