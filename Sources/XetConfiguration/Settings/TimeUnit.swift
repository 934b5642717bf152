/// Units of times.
enum TimeUnit: String, CaseIterable {
    case millisecond = "ms"
    case second = "s"
    case minute = "m"
    case hour = "h"

    /// More would be a mistake, and could overflow where times are counted in nanoseconds.
    private static let maximumMilliseconds = 366 * 24 * 3_600_000

    private var milliseconds: Int {
        switch self {
        case .millisecond: 1
        case .second: 1000
        case .minute: 60_000
        case .hour: 3_600_000
        }
    }

    /// The time of a number with a unit, or without one in seconds; `nil` if the text is neither.
    static func parse(_ text: String) -> Duration? {
        guard let (number, name) = Quantity.split(text),
            let unit = name.isEmpty ? .second : TimeUnit(rawValue: name)
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
        guard !overflow, product <= maximumMilliseconds else { return nil }
        return .milliseconds(product)
    }

    /// A time in seconds, or in milliseconds if it is no whole number of them.
    static func text(_ duration: Duration) -> String {
        let milliseconds = Int(duration / .milliseconds(1))
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
