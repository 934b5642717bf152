/// A number and a unit behind it, perhaps with a blank between, such as `1.5GiB`.
struct Quantity {
    /// More digits behind the point say nothing.
    private static let mostFractionDigitCount = 9

    private let whole: Int
    private let fraction: Int
    private let fractionUnit: Int
    /// What stands behind the number; may be empty.
    let unit: String

    /// Reads quantities that follow one another, perhaps with a blank between, such as `1m30s`; `nil` for anything else.
    static func list(_ text: String) -> [Quantity]? {
        var rest = text[...]
        var quantities: [Quantity] = []
        repeat {
            guard let quantity = Quantity(at: &rest) else { return nil }
            quantities.append(quantity)
            guard rest.first == " " else { continue }
            rest.removeFirst()
            guard !rest.isEmpty else { return nil }
        } while !rest.isEmpty
        return quantities
    }

    private init?(at text: inout Substring) {
        let digits = Self.digits(&text)
        guard let whole = WholeNumber.parse(digits) else { return nil }
        self.whole = whole
        var fraction = ""[...]
        if text.first == "." {
            text.removeFirst()
            fraction = Self.digits(&text)
            guard !fraction.isEmpty, fraction.count <= Self.mostFractionDigitCount else { return nil }
        }
        self.fraction = Int(fraction) ?? 0
        fractionUnit = fraction.reduce(1) { unit, _ in unit * 10 }
        if text.first == " " {
            guard let next = text.dropFirst().first, !next.isNumber else { return nil }
            text.removeFirst()
        }
        unit = String(text.prefix { $0.isLetter })
        text.removeFirst(unit.count)
        guard text.first.map({ $0.isNumber || $0 == " " }) ?? true else { return nil }
    }

    private static func digits(_ text: inout Substring) -> Substring {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        text.removeFirst(digits.count)
        return digits
    }

    /// How many it is where a unit is so many, rounded down; `nil` if that is too many.
    func amount(of unit: Int) -> Int? {
        let (product, isTooMany) = whole.multipliedReportingOverflow(by: unit)
        // The fraction is less than one, so that its part is less than a unit.
        let part = fractionUnit.dividingFullWidth(fraction.multipliedFullWidth(by: unit)).quotient
        let (sum, isTooMuch) = product.addingReportingOverflow(part)
        return isTooMany || isTooMuch ? nil : sum
    }
}
