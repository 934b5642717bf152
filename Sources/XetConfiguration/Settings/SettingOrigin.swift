/// Who said what a setting is.
public enum SettingOrigin: Hashable, Sendable, CustomStringConvertible {
    /// Nobody: it is what it is by itself.
    case preset
    /// A line of the configuration file.
    case file(path: String, line: Int)
    /// A variable of the environment.
    case variable(String)
    /// A flag on the command line.
    case flag(String)

    /// As it stands in front of a message, and beside a value that is printed.
    public var description: String {
        switch self {
        case .preset: "default"
        case .file(let path, let line): "\(Shown.text(path)):\(line)"
        case .variable(let name): "environment \(Shown.text(name))"
        case .flag(let name): "--\(name)"
        }
    }
}
