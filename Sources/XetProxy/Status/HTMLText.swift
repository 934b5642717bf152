/// Text made harmless for a place inside HTML.
enum HTMLText {
    /// For the content of an element, and for an attribute's value in quotes of either kind.
    static func escape(_ text: some StringProtocol) -> String {
        var escaped = ""
        // By scalar: a combining mark would make another character of a sign that HTML still sees.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
