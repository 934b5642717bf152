/// What a setting can be in a configuration file.
public enum SettingShape: Hashable, Sendable {
    /// A string.
    case text
    /// A whole number.
    case number
    /// A whole number, or a string with a unit.
    case quantity
    /// `true` or `false`.
    case boolean
    /// A list of strings.
    case list

    /// What is to be parsed of a value in line `line`; `nil` if the value has another shape.
    func texts(of value: FileValue, line: Int) -> [FileText]? {
        switch (self, value) {
        case (.text, .string(let text)), (.quantity, .string(let text)):
            [FileText(text: text, line: line)]
        case (.number, .integer(let number)), (.quantity, .integer(let number)):
            [FileText(text: "\(number)", line: line)]
        case (.boolean, .boolean(let isOn)):
            [FileText(text: isOn ? "true" : "false", line: line)]
        case (.list, .strings(let items)):
            items
        default:
            nil
        }
    }

    /// What a file has to hold, for a message about one that holds another shape.
    var name: String {
        switch self {
        case .text: "a string in quotes"
        case .number: "a whole number without quotes"
        case .quantity: "a whole number, or a string with a unit"
        case .boolean: "true or false without quotes"
        case .list: "a list of strings"
        }
    }
}
