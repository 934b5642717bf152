/// What all settings are, and who said so.
public struct ResolvedSettings: Sendable {
    /// One setting.
    struct Entry: Hashable, Sendable {
        /// The value as text: one, several of a list, none without a value.
        let texts: [String]
        let origin: SettingOrigin
    }

    let registry: SettingRegistry
    let entries: [String: Entry]

    /// The value of a setting.
    ///
    /// Precondition: it is one of the registry.
    public subscript<Value>(_ setting: Setting<Value>) -> Value {
        do {
            return try setting.value(of: entry(setting.declaration).texts)
        } catch {
            preconditionFailure("\(setting.declaration.name) was checked when it was resolved")
        }
    }

    /// Who said what a setting is.
    ///
    /// Precondition: it is one of the registry.
    public func origin<Value>(_ setting: Setting<Value>) -> SettingOrigin {
        entry(setting.declaration).origin
    }

    /// The names of the settings that are different in `other`.
    public func differences(from other: ResolvedSettings) -> [SettingDeclaration] {
        registry.declarations.filter { entries[$0.name]?.texts != other.entries[$0.name]?.texts }
    }

    func entry(_ declaration: SettingDeclaration) -> Entry {
        guard let entry = entries[declaration.name] else {
            preconditionFailure("\(declaration.name) is no setting of this program")
        }
        return entry
    }
}
