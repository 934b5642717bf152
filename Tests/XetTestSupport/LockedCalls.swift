/// Finds calls to others' code that are made while a lock is held, in Swift sources.
///
/// Looks at the closures of `withLock` and of methods named `change`, which are to wrap it, and at types named `State`,
/// whose methods such closures call. Resuming or cancelling a task takes the lock of that task, and whoever cancels it
/// holds that while the handlers run, which take ours: both wait for ever. A callback may do anything.
public struct LockedCalls {
    /// A call that was found.
    public struct Finding: Hashable, CustomStringConvertible {
        /// From 1.
        public let line: Int
        /// The text of the call, up to its parenthesis.
        public let call: String

        public var description: String { "line \(line): \(call)" }
    }

    /// What takes the lock of a task, or runs what others left to be run.
    private static let methods: Set = [
        "resume", "cancel", "cancelAll", "yield", "finish", "succeed", "fail", "completeWith", "enqueue", "execute",
    ]
    /// What closures are called that others gave.
    private static let closures: Set = [
        "body", "callback", "completion", "handler", "make", "notify", "now", "operation", "report",
    ]

    /// The source without comments and the texts of strings, each byte in its place.
    private let code: [UInt8]
    /// How many places were looked at.
    public private(set) var placeCount = 0
    /// The calls that were found, in order.
    public private(set) var findings: [Finding] = []

    /// Looks through a source.
    public init(_ source: String) {
        code = SwiftText(source).code
        var found: Set<Finding> = []
        for place in places() {
            placeCount += 1
            found.formUnion(calls(in: place))
        }
        findings = found.sorted { ($0.line, $0.call) < ($1.line, $1.call) }
    }

    // MARK: Where to look

    private func places() -> [Range<Int>] {
        var places: [Range<Int>] = []
        for word in words(in: code.indices) {
            switch text(word) {
            case "withLock", "withLockIfAvailable", "change":
                guard previousWord(before: word.lowerBound) != "func" else { continue }
                places += arguments(after: word.upperBound)
            case "State":
                guard let open = next(from: word.upperBound), code[open] == UInt8(ascii: "{"), isDeclaration(word)
                else { continue }
                places.append(open..<end(of: open))
            default: break
            }
        }
        return places
    }

    /// `struct State {` and `extension Some.State {`.
    private func isDeclaration(_ word: Range<Int>) -> Bool {
        var start = word.lowerBound
        while start > 0, code[start - 1] == UInt8(ascii: ".") || Self.isWord(code[start - 1]) { start -= 1 }
        return ["struct", "extension", "enum"].contains(previousWord(before: start))
    }

    /// What stands in the parentheses and the trailing closure of a call.
    private func arguments(after start: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = start
        for bracket in "({".utf8 {
            guard let open = next(from: start), code[open] == bracket else { continue }
            ranges.append(open..<end(of: open))
            start = end(of: open)
        }
        return ranges
    }

    /// The place after the bracket that closes the one at `open`.
    private func end(of open: Int) -> Int {
        var depth = 0
        for place in open..<code.count {
            switch code[place] {
            case UInt8(ascii: "("), UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: continue
            }
            if depth == 0 { return place + 1 }
        }
        return code.count
    }

    // MARK: What to find

    private func calls(in range: Range<Int>) -> [Finding] {
        var found: [Finding] = []
        for place in range where code[place] == UInt8(ascii: "(") {
            let isOptional = place > 0 && code[place - 1] == UInt8(ascii: "?")
            var start = isOptional ? place - 1 : place
            while start > 0, Self.isWord(code[start - 1]) { start -= 1 }
            let name = text(start..<(isOptional ? place - 1 : place))
            let isMethod = start > 0 && code[start - 1] == UInt8(ascii: ".")
            guard previousWord(before: start) != "func" else { continue }
            let isCall =
                if isOptional {
                    // `cancel?()`; not `try? (...)` or `as? (...)`.
                    !["try", "as"].contains(name)
                } else if isMethod {
                    Self.methods.contains(name)
                } else {
                    // A wrapper gives the state itself to its closure, which is looked at where it is written.
                    (Self.closures.contains(name) && next(from: place + 1).map { code[$0] } != UInt8(ascii: "&"))
                        || Self.isEvent(name)
                }
            guard isCall else { continue }
            let line = code[..<place].count { $0 == UInt8(ascii: "\n") } + 1
            found.append(Finding(line: line, call: text(start..<place)))
        }
        return found
    }

    /// `onEnd`, `onBytes`.
    private static func isEvent(_ name: String) -> Bool {
        name.hasPrefix("on") && name.dropFirst(2).first?.isUppercase == true
    }

    // MARK: Words

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...: true
        default: false
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") }

    private func text(_ range: Range<Int>) -> String { String(decoding: code[range], as: UTF8.self) }

    private func words(in range: Range<Int>) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var start: Int?
        for place in range {
            if Self.isWord(code[place]) {
                start = start ?? place
            } else if let first = start.take() {
                words.append(first..<place)
            }
        }
        return words
    }

    /// The next place that is not blank.
    private func next(from start: Int) -> Int? {
        code[start...].firstIndex { !Self.isBlank($0) }
    }

    private func previousWord(before end: Int) -> String {
        var end = end
        while end > 0, Self.isBlank(code[end - 1]) { end -= 1 }
        var start = end
        while start > 0, Self.isWord(code[start - 1]) { start -= 1 }
        return text(start..<end)
    }
}

/// A Swift source whose comments and strings are blank; code in interpolations stays.
private struct SwiftText {
    private(set) var code: [UInt8]
    private var place = 0

    init(_ source: String) {
        code = Array(source.utf8)
        skipCode(until: nil)
    }

    private func stands(_ text: String) -> Bool {
        var ahead = place
        for byte in text.utf8 {
            guard ahead < code.count, code[ahead] == byte else { return false }
            ahead += 1
        }
        return true
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where place < code.count {
            if code[place] != UInt8(ascii: "\n") { code[place] = UInt8(ascii: " ") }
            place += 1
        }
    }

    /// Passes over code up to the closing parenthesis, or to the end; blanks what is none in it.
    private mutating func skipCode(until close: UInt8?) {
        var depth = 0
        while place < code.count {
            switch code[place] {
            case UInt8(ascii: "/") where stands("//"):
                while place < code.count, code[place] != UInt8(ascii: "\n") { blank() }
            case UInt8(ascii: "/") where stands("/*"):
                skipComment()
            case UInt8(ascii: "\""):
                skipString(hashes: "")
            case UInt8(ascii: "#"):
                let end = code[place...].firstIndex { $0 != UInt8(ascii: "#") } ?? code.count
                guard end < code.count, code[end] == UInt8(ascii: "\"") else {
                    place = end
                    continue
                }
                let hashes = String(repeating: "#", count: end - place)
                blank(hashes.utf8.count)
                skipString(hashes: hashes)
            case UInt8(ascii: ")") where depth == 0 && close == code[place]:
                return
            case UInt8(ascii: "("):
                depth += 1
                place += 1
            case UInt8(ascii: ")"):
                depth -= 1
                place += 1
            default:
                place += 1
            }
        }
    }

    private mutating func skipComment() {
        var depth = 0
        repeat {
            if stands("/*") { depth += 1 }
            if stands("*/") { depth -= 1 }
            blank(stands("/*") || stands("*/") ? 2 : 1)
        } while depth > 0 && place < code.count
    }

    private mutating func skipString(hashes: String) {
        let quote = stands("\"\"\"") ? "\"\"\"" : "\""
        blank(quote.utf8.count)
        while place < code.count {
            if code[place] == UInt8(ascii: "\""), stands(quote + hashes) {
                return blank(quote.utf8.count + hashes.utf8.count)
            }
            if code[place] == UInt8(ascii: "\\"), stands("\\" + hashes + "(") {
                blank(2 + hashes.utf8.count)
                skipCode(until: UInt8(ascii: ")"))
                blank()
            } else {
                blank(code[place] == UInt8(ascii: "\\") && hashes.isEmpty ? 2 : 1)
            }
        }
    }
}
