/// Units of times.
public enum TimeUnit: String, CaseIterable {
    case millisecond = "ms"
    case second = "s"
    case minute = "m"
    case hour = "h"
    case day = "d"

    /// The units, as messages name them.
    public static let names = "ms, s, m, h and d"

    /// More would be a mistake, and could overflow where times are counted in nanoseconds.
    private static let maximumMilliseconds = 366 * 24 * 3_600_000

    private var milliseconds: Int {
        switch self {
        case .millisecond: 1
        case .second: 1000
        case .minute: 60_000
        case .hour: 3_600_000
        case .day: 24 * 3_600_000
        }
    }

    /// The time of numbers with units, the largest first, such as `1m30s`, or of one without, in seconds; `nil` for anything else.
    public static func parse(_ text: String) -> Duration? {
        guard let quantities = Quantity.list(text) else { return nil }
        var total = 0
        var last = Int.max
        for quantity in quantities {
            let isAlone = quantities.count == 1
            guard let unit = quantity.unit.isEmpty && isAlone ? .second : TimeUnit(rawValue: quantity.unit),
                unit.milliseconds < last, let amount = quantity.amount(of: unit.milliseconds),
                amount <= maximumMilliseconds, total + amount <= maximumMilliseconds
            else { return nil }
            total += amount
            last = unit.milliseconds
        }
        return .milliseconds(total)
    }

    /// A time in seconds, or in milliseconds if it is no whole number of them.
    static func text(_ duration: Duration) -> String {
        let milliseconds = Int(duration / .milliseconds(1))
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
