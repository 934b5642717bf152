/// A whole number and a unit behind it, perhaps with a blank between.
enum Quantity {
    /// Number and unit, which may be empty; `nil` if the text does not begin with a number.
    static func split(_ text: String) -> (number: Int, unit: String)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = WholeNumber.parse(digits) else { return nil }
        let rest = text[digits.endIndex...]
        guard rest != " " else { return nil }
        return (number, String(rest.hasPrefix(" ") ? rest.dropFirst() : rest))
    }
}
