extension Setting {
    /// Text that `parse` accepts, with a default.
    public static func text(
        _ name: String,
        _ summary: String,
        valueName: String,
        preset: String,
        expectation: String,
        _ parse: @escaping @Sendable (String) -> Value?
    ) -> Setting {
        single(name, summary, valueName: valueName, shape: .text, expectation: expectation, preset: preset, parse)
    }

    /// Text that `parse` accepts; `nil` if nobody says anything.
    public static func optional<Item: Sendable>(
        _ name: String,
        _ summary: String,
        valueName: String,
        expectation: String,
        _ parse: @escaping @Sendable (String) -> Item?
    ) -> Setting where Value == Item? {
        Setting(name, summary, valueName: valueName, shape: .text, expectation: expectation, preset: []) {
            texts throws(UnusableText) in
            guard let text = texts.first else { return nil }
            guard texts.count == 1, let value = parse(text) else { throw UnusableText(index: 0) }
            return value
        }
    }

    /// Texts that `parse` accepts, each; empty if nobody says anything.
    ///
    /// On the command line the flag may be repeated, and commas separate items there and in the environment.
    public static func list<Item: Sendable>(
        _ name: String,
        _ summary: String,
        valueName: String,
        expectation: String,
        _ parse: @escaping @Sendable (String) -> Item?
    ) -> Setting where Value == [Item] {
        Setting(name, summary, valueName: valueName, shape: .list, expectation: expectation, preset: []) {
            texts throws(UnusableText) in
            var values: [Item] = []
            for (index, text) in texts.enumerated() {
                guard let value = parse(text) else { throw UnusableText(index: index) }
                values.append(value)
            }
            return values
        }
    }

    /// One of a few words.
    public static func choice(
        _ name: String,
        _ summary: String,
        valueName: String,
        preset: String,
        of choices: [(String, Value)]
    ) -> Setting {
        let words = choices.map { $0.0 }
        let expectation = words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        return single(
            name,
            summary,
            valueName: valueName,
            shape: .text,
            expectation: expectation,
            preset: preset
        ) { text in choices.first { $0.0 == text }?.1 }
        .among(words)
    }
}

extension Setting where Value == Bool {
    /// On or off; off by default.
    public static func boolean(_ name: String, _ summary: String) -> Setting {
        single(
            name,
            summary,
            valueName: "",
            shape: .boolean,
            expectation: "true or false",
            preset: "false"
        ) { ["true": true, "1": true, "false": false, "0": false][$0] }
    }
}

extension Setting where Value == Int {
    /// A whole number.
    public static func number(
        _ name: String,
        _ summary: String,
        valueName: String,
        preset: Int,
        in range: ClosedRange<Int>
    ) -> Setting {
        single(
            name,
            summary,
            valueName: valueName,
            shape: .number,
            expectation: "a whole number, \(range.lowerBound) to \(range.upperBound)",
            preset: "\(preset)"
        ) { text in WholeNumber.parse(text).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// Bytes, perhaps with a unit; a number alone counts in `unit`.
    public static func byteCount(
        _ name: String,
        _ summary: String,
        valueName: String = "size",
        preset: String,
        unit: ByteUnit = .byte,
        atLeast minimum: Int
    ) -> Setting {
        let alone = unit == .byte ? "bytes" : "\(unit.rawValue)"
        return single(
            name,
            summary,
            valueName: valueName,
            shape: .quantity,
            expectation: """
                a size of \(ByteUnit.text(minimum)) or more: a number of \(alone), or one with \(ByteUnit.names) behind it
                """,
            preset: preset
        ) { text in ByteUnit.parse(text, unit).flatMap { $0 >= minimum ? $0 : nil } }
    }
}

extension Setting where Value == Int? {
    /// Bytes, perhaps with a unit; `nil` if nobody says anything.
    public static func optionalByteCount(
        _ name: String,
        _ summary: String,
        valueName: String = "size",
        atLeast minimum: Int
    ) -> Setting {
        Setting(
            name,
            summary,
            valueName: valueName,
            shape: .quantity,
            expectation: """
                a size of \(ByteUnit.text(minimum)) or more: a number of bytes, or one with \(ByteUnit.names) behind it
                """,
            preset: []
        ) { texts throws(UnusableText) in
            guard let text = texts.first else { return nil }
            guard texts.count == 1, let value = ByteUnit.parse(text, .byte), value >= minimum else {
                throw UnusableText(index: 0)
            }
            return value
        }
    }
}

extension Setting where Value == Duration {
    /// A time, in seconds unless it has a unit.
    public static func duration(
        _ name: String,
        _ summary: String,
        preset: String,
        atLeast minimum: Duration
    ) -> Setting {
        single(
            name,
            summary,
            valueName: "time",
            shape: .quantity,
            expectation: """
                a time of \(TimeUnit.text(minimum)) or more: a number of seconds, or such as 1m30s, of \(TimeUnit.names)
                """,
            preset: preset
        ) { text in TimeUnit.parse(text).flatMap { $0 >= minimum ? $0 : nil } }
    }
}
