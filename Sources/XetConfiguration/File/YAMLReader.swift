/// Reads the part of YAML that options need: one mapping of names to scalars and lists of strings.
///
/// Plain scalars that versions of YAML read differently (`no`, `010`, `1:30`) are refused; quotes make them strings.
struct YAMLReader {
    private var cursor: TextCursor
    private var entries: [FileEntry] = []

    static func entries(_ cursor: TextCursor) throws(FileError) -> [FileEntry] {
        var reader = YAMLReader(cursor: cursor)
        try reader.readAll()
        return reader.entries
    }

    private init(cursor: TextCursor) {
        self.cursor = cursor
    }

    private mutating func readAll() throws(FileError) {
        skipEmptyLines()
        if cursor.take("---") { try endLine(after: "---") }
        while true {
            skipEmptyLines()
            guard let byte = cursor.next else { return }
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                throw cursor.error("every option stands at the top level, without blanks in front")
            case UInt8(ascii: "-") where cursor.peek(1) == UInt8(ascii: "-") || Self.isBlank(cursor.peek(1)):
                throw cursor.error("expected the name of an option")
            default:
                entries.append(try entry())
            }
        }
    }

    private mutating func entry() throws(FileError) -> FileEntry {
        let line = cursor.line
        let name = try name()
        cursor.takeBlanks()
        guard cursor.take(":"), Self.isBlank(cursor.next) else {
            throw cursor.error("expected ': ' after '\(Shown.text(name))'")
        }
        cursor.takeBlanks()
        let value: FileValue
        if cursor.isAtLineEnd || cursor.next == UInt8(ascii: "#") {
            value = .strings(try block(of: name, line))
        } else if cursor.next == UInt8(ascii: "[") {
            value = .strings(try flow(of: name))
            try endLine(after: name)
        } else {
            value = try scalar(of: name, isInFlow: false)
            try endLine(after: name)
        }
        return FileEntry(name: name, value: value, line: line)
    }

    private mutating func name() throws(FileError) -> String {
        if let quoted = try quoted() { return quoted }
        let name = cursor.take(while: TOMLReader.isNameByte)
        guard !name.isEmpty else { throw cursor.error("expected the name of an option") }
        return name
    }

    // MARK: Scalars

    /// A string in quotes, if one is next.
    private mutating func quoted() throws(FileError) -> String? {
        switch cursor.next {
        case UInt8(ascii: "\""): return try QuotedText.read(&cursor, .yaml)
        case UInt8(ascii: "'"): return try singleQuoted()
        default: return nil
        }
    }

    private mutating func singleQuoted() throws(FileError) -> String {
        let line = cursor.line
        cursor.take()
        var text = ""
        while true {
            text += cursor.take { $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\n") }
            guard cursor.take("'") else { throw FileError(line: line, "the string does not end in its line") }
            // Two stand for one.
            guard cursor.take("'") else { return text }
            text += "'"
        }
    }

    private mutating func scalar(of name: String, isInFlow: Bool) throws(FileError) -> FileValue {
        if let quoted = try quoted() { return .string(quoted) }
        let text = try plain(isInFlow: isInFlow)
        switch text {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: break
        }
        if let number = WholeNumber.parse(text) { return .integer(number) }
        guard !PlainScalar.isAmbiguous(text) else {
            throw cursor.error(
                """
                '\(Shown.text(name))' is to be a string, a whole number, true, false or a list of strings; if a string \
                is meant, put it in quotes
                """
            )
        }
        return .string(text)
    }

    /// Text without quotes, up to a comment or the end of the line, in a flow list also up to a comma or its end.
    private mutating func plain(isInFlow: Bool) throws(FileError) -> String {
        guard let first = cursor.next, !PlainScalar.cannotBegin.contains(first),
            !PlainScalar.canBeginUnlessAlone.contains(first)
                || (!Self.isBlank(cursor.peek(1)) && (first == UInt8(ascii: "-") || !isInFlow))
        else { throw cursor.error("this character has a meaning in YAML: put the string in quotes") }
        let start = cursor.position
        var end = cursor
        while !cursor.isAtLineEnd, let byte = cursor.next {
            if isInFlow {
                if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") { break }
                guard ![UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "}")].contains(byte) else {
                    throw cursor.error("this character has a meaning in YAML: put the string in quotes")
                }
            }
            if byte == UInt8(ascii: "#"), end.position < cursor.position { break }
            if byte == UInt8(ascii: ":") {
                let following = cursor.peek(1)
                let ends = isInFlow && (following == UInt8(ascii: ",") || following == UInt8(ascii: "]"))
                guard !ends, !Self.isBlank(following) else {
                    throw cursor.error("a colon before a blank has a meaning in YAML: put the string in quotes")
                }
            }
            cursor.take()
            if byte != UInt8(ascii: " "), byte != UInt8(ascii: "\t") { end = cursor }
        }
        // The blanks before a comment are no part of the text.
        cursor = end
        return cursor.text(start..<cursor.position)
    }

    // MARK: Lists

    /// Lines that begin with `- `, all with as many blanks in front.
    private mutating func block(of name: String, _ line: Int) throws(FileError) -> [FileText] {
        var items: [FileText] = []
        var indentation: Int?
        while true {
            skipEmptyLines()
            var ahead = cursor
            let blanks = ahead.take { $0 == UInt8(ascii: " ") }.utf8.count
            guard ahead.next == UInt8(ascii: "-"), Self.isBlank(ahead.peek(1)) else { break }
            guard indentation == nil || indentation == blanks else {
                throw ahead.error("the items of '\(Shown.text(name))' do not stand one below the other")
            }
            indentation = blanks
            ahead.take()
            ahead.takeBlanks()
            cursor = ahead
            items.append(try item(of: name, isInFlow: false))
            try endLine(after: "an item of \(name)")
        }
        guard !items.isEmpty else {
            throw FileError(
                line: line,
                "'\(Shown.text(name))' has no value: leave it out, or write [] for an empty list"
            )
        }
        return items
    }

    private mutating func flow(of name: String) throws(FileError) -> [FileText] {
        let start = cursor.line
        cursor.take()
        var items: [FileText] = []
        while true {
            try skipInFlow(start)
            if cursor.take("]") { return items }
            items.append(try item(of: name, isInFlow: true))
            try skipInFlow(start)
            guard cursor.take(",") || cursor.next == UInt8(ascii: "]") else {
                throw cursor.error("expected ',' or ']' in the list '\(Shown.text(name))'")
            }
        }
    }

    private mutating func item(of name: String, isInFlow: Bool) throws(FileError) -> FileText {
        let line = cursor.line
        guard !cursor.isAtLineEnd, cursor.next != UInt8(ascii: "#"),
            case .string(let text) = try scalar(of: name, isInFlow: isInFlow)
        else { throw FileError(line: line, "the list '\(Shown.text(name))' holds strings; put numbers in quotes") }
        return FileText(text: text, line: line)
    }

    // MARK: What lies between

    /// Skips blanks, line ends and comments in a flow list; its lines have blanks in front.
    private mutating func skipInFlow(_ start: Int) throws(FileError) {
        while true {
            let blanks = cursor.takeBlanks()
            if cursor.next == UInt8(ascii: "#"), blanks > 0 { cursor.takeRestOfLine() }
            guard let byte = cursor.next else { throw FileError(line: start, "the list does not end") }
            guard byte == UInt8(ascii: "\n") else { return }
            cursor.take()
            guard cursor.isAtLineEnd || Self.isBlank(cursor.next) else {
                throw cursor.error("the lines of a list have blanks in front")
            }
        }
    }

    /// Skips lines that are empty or hold a comment alone.
    private mutating func skipEmptyLines() {
        while !cursor.isAtEnd, isLineEmpty {
            cursor.takeRestOfLine()
            cursor.take()
        }
    }

    /// Whether the rest of the line holds nothing but blanks and perhaps a comment.
    private var isLineEmpty: Bool {
        var ahead = cursor
        ahead.takeBlanks()
        return ahead.isAtLineEnd || ahead.next == UInt8(ascii: "#")
    }

    /// Takes the end of a line, perhaps after a comment.
    private mutating func endLine(after what: String) throws(FileError) {
        let blanks = cursor.takeBlanks()
        if blanks > 0, cursor.next == UInt8(ascii: "#") { cursor.takeRestOfLine() }
        guard cursor.isAtLineEnd else { throw cursor.error("there is more after '\(Shown.text(what))'") }
        cursor.take()
    }

    private static func isBlank(_ byte: UInt8?) -> Bool {
        byte == nil || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
    }
}
