import XetConfiguration

/// What was given on the command line, as text, by the names of the settings.
struct GivenFlags {
    private(set) var texts: [String: [String]] = [:]

    /// Adds the text after a flag, if it was given.
    mutating func add<Value>(_ setting: Setting<Value>, _ text: String?) {
        texts[setting.declaration.name] = text.map { [$0] }
    }

    /// Adds a flag without a value; its inverse too can be given.
    mutating func add<Value>(_ setting: Setting<Value>, _ isOn: Bool?) {
        texts[setting.declaration.name] = isOn.map { ["\($0 != setting.declaration.isInverted)"] }
    }

    /// Adds the texts after a flag that can be given several times.
    mutating func add<Value>(_ setting: Setting<Value>, _ list: [String]) {
        texts[setting.declaration.name] = list.isEmpty ? nil : list
    }
}
