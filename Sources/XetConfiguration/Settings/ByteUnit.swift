/// Units of sizes.
public enum ByteUnit: String, Sendable, CaseIterable {
    case byte = "B"
    case kibibyte = "KiB"
    case mebibyte = "MiB"
    case gibibyte = "GiB"
    case tebibyte = "TiB"
    case kilobyte = "kB"
    case megabyte = "MB"
    case gigabyte = "GB"
    case terabyte = "TB"

    /// As a person is told of them.
    package static let names = "KiB, MiB, GiB, TiB, kB, MB, GB or TB"
    private static let binary: [ByteUnit] = [.byte, .kibibyte, .mebibyte, .gibibyte, .tebibyte]

    /// More would be a mistake, and could overflow where sizes are added.
    private static let maximum = 1 << 48

    private var byteCount: Int {
        switch self {
        case .byte: 1
        case .kibibyte: 1 << 10
        case .mebibyte: 1 << 20
        case .gibibyte: 1 << 30
        case .tebibyte: 1 << 40
        case .kilobyte: 1000
        case .megabyte: 1_000_000
        case .gigabyte: 1_000_000_000
        case .terabyte: 1_000_000_000_000
        }
    }

    /// The bytes of a number with a unit, or without one in `unit`, such as `1.5GiB`; `nil` if the text is neither.
    package static func parse(_ text: String, _ unit: ByteUnit) -> Int? {
        guard let quantities = Quantity.list(text), quantities.count == 1 else { return nil }
        let name = quantities[0].unit.lowercased()
        guard let unit = name.isEmpty ? unit : allCases.first(where: { $0.rawValue.lowercased() == name }),
            let byteCount = quantities[0].amount(of: unit.byteCount), byteCount <= maximum
        else { return nil }
        return byteCount
    }

    /// A size in the largest unit that it is a whole number of.
    static func text(_ byteCount: Int) -> String {
        let unit = binary.last { byteCount % $0.byteCount == 0 && byteCount >= $0.byteCount } ?? .byte
        return "\(byteCount / unit.byteCount)\(unit.rawValue)"
    }
}
