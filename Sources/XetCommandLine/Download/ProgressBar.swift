import XetLocal

/// One line on a terminal that shows how far something has come; nothing elsewhere.
struct ProgressBar: Sendable {
    private static let interval = Duration.milliseconds(100)
    private static let width = 24
    /// Of terminals that do not tell.
    private static let usualColumnCount = 80
    /// Seconds above which the rest of a download is not worth to be told.
    private static let longestSeconds = 360_000.0
    /// Columns of a name that is shortened.
    private static let leastLabelColumnCount = 8

    private let label: String
    private let total: UInt64?
    /// Whether there is a terminal that shows it.
    let isShown: Bool
    private var rate: AverageRate
    private var shown: ContinuousClock.Instant?

    /// A bar for `total` units, of which `start` were there before.
    init(_ label: String, total: UInt64?, start: UInt64 = 0, isQuiet: Bool = false) {
        self.label = DisplayText.escaped(label)
        self.total = total
        rate = AverageRate(from: start)
        // A dumb terminal would show the escapes.
        isShown = !isQuiet && Descriptor.standardError.isTerminal && Environment["TERM"] != "dumb"
    }

    /// Shows that `count` units are done; seldom enough not to cost anything.
    ///
    /// `label` takes the place of the first one.
    mutating func advance(to count: UInt64, label: String? = nil) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let shown, now - shown < Self.interval { return }
        show(line(label ?? self.label, count, rate.note(count, at: now)))
    }

    /// `count` units that need not be done are not to count for the speed.
    mutating func skip(_ count: UInt64) { rate.skip(count) }

    /// Shows the longest of `texts` that fits in place of how far it has come, until that changes.
    mutating func note(_ texts: [String]) {
        show(Self.fitted(label, texts, to: Self.columnCount))
    }

    private mutating func show(_ line: String) {
        guard isShown else { return }
        shown = ContinuousClock.now
        Descriptor.standardError.print("\r\u{1B}[K" + line, terminator: "")
    }

    /// Runs `body` under a line that says what is done, on a terminal.
    static func during<Value>(_ text: String, isQuiet: Bool, _ body: () async throws -> Value) async throws -> Value {
        var bar = ProgressBar("", total: nil, isQuiet: isQuiet)
        bar.show(fitted(DisplayText.escaped(text), [""], to: columnCount))
        do {
            let value = try await body()
            bar.finish()
            return value
        } catch {
            bar.finish()
            throw error
        }
    }

    /// Removes the line.
    mutating func finish() {
        guard isShown, shown != nil else { return }
        Descriptor.standardError.print("\r\u{1B}[K", terminator: "")
    }

    private func line(_ label: String, _ count: UInt64, _ rate: Double) -> String {
        let speed = "\(ReadableSize.text(UInt64(rate)))/s"
        guard let total, total > 0 else {
            return Self.fitted(label, ["\(ReadableSize.text(count))  \(speed)", speed], to: Self.columnCount)
        }
        let share = min(1, Double(count) / Double(total))
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Self.width - filled)
        let left = Double(total - min(count, total)) / rate
        // A server may claim any size, and send a byte a minute.
        let rest = left < Self.longestSeconds ? "  \(Self.clock(UInt64(left))) left" : ""
        let percent = "\(Int(share * 100))%"
        return Self.fitted(
            label,
            [
                "[\(bar)] \(percent)  \(ReadableSize.text(count))  \(speed)\(rest)", "\(percent)  \(speed)\(rest)",
                percent,
            ],
            to: Self.columnCount
        )
    }

    /// The last column stays free, since some terminals begin a new line after it.
    private static var columnCount: Int {
        (Descriptor.standardError.columnCount ?? usualColumnCount) - 1
    }

    /// The label, shortened if it must be, and the longest of `texts` that leaves room for some of it.
    static func fitted(_ label: String, _ texts: [String], to columnCount: Int) -> String {
        let least = min(columns(label), leastLabelColumnCount) + 2
        guard let text = texts.first(where: { $0.count + least <= columnCount }) else {
            return String((texts.last ?? "").prefix(max(0, columnCount)))
        }
        var shown = label
        if columns(shown) > columnCount - text.count - 2 {
            while columns(shown) > columnCount - text.count - 3 { shown.removeLast() }
            shown += "…"
        }
        return "\(shown)  \(text)"
    }

    /// Columns that a text takes at most: those of East Asia and pictures are wide.
    private static func columns(_ text: String) -> Int {
        text.reduce(0) { $0 + ($1.unicodeScalars.contains { $0.value >= 0x1100 } ? 2 : 1) }
    }

    private static func clock(_ seconds: UInt64) -> String {
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return (seconds < 3600 ? parts.dropFirst() : parts[...]).joined(separator: ":")
    }
}

/// Sizes as a person reads them.
enum ReadableSize {
    /// Such as `12.3 MB`, decimal.
    static func text(_ count: UInt64) -> String {
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB"] {
            if value < 1000 { return unit == "B" ? "\(count) B" : "\(Self.rounded(value)) \(unit)" }
            value /= 1000
        }
        return "\(Self.rounded(value)) TB"
    }

    private static func rounded(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
