/// Units of sizes.
public enum ByteUnit: String, Sendable, CaseIterable {
    case byte = "B"
    case kibibyte = "KiB"
    case mebibyte = "MiB"
    case gibibyte = "GiB"
    case tebibyte = "TiB"

    /// More would be a mistake, and could overflow where sizes are added.
    private static let maximum = 1 << 48

    private var byteCount: Int {
        switch self {
        case .byte: 1
        case .kibibyte: 1 << 10
        case .mebibyte: 1 << 20
        case .gibibyte: 1 << 30
        case .tebibyte: 1 << 40
        }
    }

    /// The bytes of a number with a unit, or without one in `unit`; `nil` if the text is neither.
    package static func parse(_ text: String, _ unit: ByteUnit) -> Int? {
        guard let (number, name) = Quantity.split(text) else { return nil }
        guard let unit = name.isEmpty ? unit : allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() })
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.byteCount)
        return overflow || product > maximum ? nil : product
    }

    /// A size in the largest unit that it is a whole number of.
    static func text(_ byteCount: Int) -> String {
        let unit = allCases.last { byteCount % $0.byteCount == 0 && byteCount >= $0.byteCount } ?? .byte
        return "\(byteCount / unit.byteCount)\(unit.rawValue)"
    }
}
