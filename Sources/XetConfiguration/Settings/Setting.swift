/// A setting that an operator may choose on the command line, in the environment or in a file: the one place that says
/// everything about it.
public struct Setting<Value: Sendable>: Sendable {
    /// What is known of it but for the type of its value.
    public private(set) var declaration: SettingDeclaration
    private let parse: @Sendable ([String]) throws(UnusableText) -> Value

    init(
        _ name: String,
        _ summary: String,
        valueName: String,
        shape: SettingShape,
        expectation: String,
        preset: [String],
        _ parse: @escaping @Sendable ([String]) throws(UnusableText) -> Value
    ) {
        self.parse = parse
        declaration = SettingDeclaration(
            name: name,
            summary: summary,
            valueName: valueName,
            shape: shape,
            expectation: expectation,
            preset: preset,
            firstUnusable: { texts in
                do throws(UnusableText) {
                    _ = try parse(texts)
                    return nil
                } catch {
                    return error.index
                }
            }
        )
    }

    /// The value that some texts stand for; no text for a setting without a value.
    func value(of texts: [String]) throws(UnusableText) -> Value {
        try parse(texts)
    }

    /// The setting with a second name in the environment.
    public func alsoFrom(_ variable: String) -> Setting {
        with { $0.conventionalVariable = variable }
    }

    /// The setting as a secret: it is shown to nobody and has no flag.
    public func secret() -> Setting {
        with {
            $0.isSecret = true
            $0.hasFlag = false
        }
    }

    /// The setting as one that may change while the program runs.
    public func reloadable() -> Setting {
        with { $0.isReloadable = true }
    }

    /// The setting with a few words on what holds without a value.
    public func without(_ note: String) -> Setting {
        with { $0.presetNote = note }
    }

    func among(_ choices: [String]) -> Setting {
        with { $0.choices = choices }
    }

    private func with(_ change: (inout SettingDeclaration) -> Void) -> Setting {
        var setting = self
        change(&setting.declaration)
        return setting
    }
}

extension Setting {
    /// A setting that always has a value, made of one text.
    ///
    /// Precondition: `preset` can be parsed.
    static func single(
        _ name: String,
        _ summary: String,
        valueName: String,
        shape: SettingShape,
        expectation: String,
        preset: String,
        _ parse: @escaping @Sendable (String) -> Value?
    ) -> Setting {
        precondition(parse(preset) != nil, "\(preset) is no value for \(name)")
        return Setting(
            name,
            summary,
            valueName: valueName,
            shape: shape,
            expectation: expectation,
            preset: [preset]
        ) { texts throws(UnusableText) in
            guard texts.count == 1, let value = parse(texts[0]) else { throw UnusableText(index: 0) }
            return value
        }
    }
}
