import ArgumentParser
import XetConfiguration

extension Option where Value == String? {
    /// The flag of a setting; what comes after it is checked with all other sources.
    init<Chosen>(_ setting: Setting<Chosen>) {
        let declaration = setting.declaration
        self.init(
            name: .customLong(declaration.name),
            help: declaration.argumentHelp,
            completion: declaration.completion
        )
    }
}

extension Option where Value == [String] {
    /// The flag of a setting that is a list; it can be repeated.
    init<Chosen>(_ setting: Setting<Chosen>) {
        let declaration = setting.declaration
        self.init(
            wrappedValue: [],
            name: .customLong(declaration.name),
            parsing: .singleValue,
            help: declaration.argumentHelp,
            completion: declaration.completion
        )
    }
}

extension Flag where Value == Bool? {
    /// The flag of a setting that is on or off, and its inverse, which overrides the environment and the file.
    init<Chosen>(_ setting: Setting<Chosen>) {
        let declaration = setting.declaration
        // The parser makes the second flag by putting `no-` in front.
        let name = declaration.isInverted ? declaration.inverseName : declaration.name
        self.init(name: .customLong(name), inversion: .prefixedNo, help: declaration.argumentHelp)
    }
}

extension SettingDeclaration {
    var argumentHelp: ArgumentHelp {
        ArgumentHelp("\(help)", valueName: valueName.isEmpty ? nil : valueName)
    }

    var completion: CompletionKind {
        if !choices.isEmpty { return .list(choices) }
        return valueName == "file" ? .file() : .default
    }
}
