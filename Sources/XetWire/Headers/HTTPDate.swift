import XetCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A moment as HTTP headers and JSON bodies write it: whole seconds, by the Gregorian calendar, in UTC.
///
/// Source: RFC 9110, section 5.6.7.
public struct HTTPDate: Hashable, Comparable, Sendable {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let longWeekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let daySeconds: Int64 = 86_400

    /// Seconds since 1970, without leap seconds.
    public let unixSeconds: Int64

    /// Makes a date.
    public init(unixSeconds: Int64) {
        self.unixSeconds = unixSeconds
    }

    /// By the clock of this machine.
    public static var now: HTTPDate {
        HTTPDate(unixSeconds: Int64(Date().timeIntervalSince1970.rounded(.down)))
    }

    /// Parses a header value in any of the three forms; `nil` for everything else.
    ///
    /// The day of the week has to be one, and is not compared. `now` is asked for when the year has two digits: it is then
    /// the last such year that lies no more than 50 years ahead.
    public init?(_ value: some StringProtocol, now: @autoclosure () -> HTTPDate = .now) {
        guard value.utf8.count <= 40, value.isASCII else { return nil }
        let parts = value.segments(separatedBy: " ")
        let parsed: Int64? =
            switch parts.count {
            // Sun, 06 Nov 1994 08:49:37 GMT
            case 6 where parts[5] == "GMT" && Self.weekdays.contains(where: { "\($0)," == parts[0] }):
                Self.seconds(Self.number(parts[3], 4), parts[2], Self.number(parts[1], 2), parts[4])
            // Sunday, 06-Nov-94 08:49:37 GMT
            case 4 where parts[3] == "GMT" && Self.longWeekdays.contains(where: { "\($0)," == parts[0] }):
                Self.obsoleteSeconds(parts[1].segments(separatedBy: "-"), parts[2], now)
            // Sun Nov  6 08:49:37 1994
            case 6 where Self.weekdays.contains(parts[0]) && parts[2].isEmpty:
                Self.seconds(Self.number(parts[5], 4), parts[1], Self.number(parts[3], 1), parts[4])
            // Wed Nov 16 08:49:37 1994
            case 5 where Self.weekdays.contains(parts[0]):
                Self.seconds(Self.number(parts[4], 4), parts[1], Self.number(parts[2], 2), parts[3])
            default: nil
            }
        guard let parsed else { return nil }
        unixSeconds = parsed
    }

    /// Parses a time as XML and JSON write it, `2009-10-12T17:50:30.000Z`, with or without a fraction, which does not count.
    ///
    /// `nil` for everything else, times of other zones included.
    public init?(iso text: some StringProtocol) {
        guard text.utf8.count <= 40, text.isASCII, text.hasSuffix("Z") else { return nil }
        let halves = text.dropLast().segments(separatedBy: "T")
        guard halves.count == 2 else { return nil }
        let date = halves[0].segments(separatedBy: "-")
        let time = halves[1].segments(separatedBy: ".")
        guard date.count == 3, time.count == 1 || time.count == 2 && Self.number(time[1], time[1].utf8.count) != nil,
            let month = Self.number(date[1], 2), (1...12).contains(month),
            let seconds = Self.seconds(
                Self.number(date[0], 4),
                Self.months[Int(month) - 1],
                Self.number(date[2], 2),
                time[0]
            )
        else { return nil }
        unixSeconds = seconds
    }

    public static func < (left: HTTPDate, right: HTTPDate) -> Bool { left.unixSeconds < right.unixSeconds }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`; `nil` outside the years that it can write.
    public var text: String? {
        let (year, month, day) = civil
        guard (1...9999).contains(year) else { return nil }
        let weekday = Self.weekdays[Int((days % 7 + 7) % 7)]
        return "\(weekday), \(Self.padded(day, 2)) \(Self.months[Int(month) - 1]) \(Self.padded(year, 4)) \(time) GMT"
    }

    /// `1994-11-06T08:49:37.000Z`; clients of the Hub insist on the fraction.
    public var isoText: String {
        let (year, month, day) = civil
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T\(time).000Z"
    }

    // MARK: The calendar

    /// Whole days since 1970.
    private var days: Int64 {
        unixSeconds / Self.daySeconds - (unixSeconds % Self.daySeconds < 0 ? 1 : 0)
    }

    private var secondOfDay: Int64 {
        let rest = unixSeconds % Self.daySeconds
        return rest < 0 ? rest + Self.daySeconds : rest
    }

    private var time: String {
        [secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60].map { Self.padded($0, 2) }.joined(separator: ":")
    }

    /// Year, month and day, counted in eras of 400 years that begin on 1 March.
    private var civil: (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Days from 1970 to a day that exists.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    // MARK: Parsing

    private static func obsoleteSeconds(_ date: [String], _ time: String, _ now: () -> HTTPDate) -> Int64? {
        guard date.count == 3, let twoDigits = number(date[2], 2) else { return nil }
        let limit = now().civil.year + 50
        let year = limit - (limit - twoDigits) % 100
        return seconds(year, date[1], number(date[0], 2), time)
    }

    private static func seconds(_ year: Int64?, _ month: String, _ day: Int64?, _ time: String) -> Int64? {
        let clock = time.segments(separatedBy: ":").map { number($0, 2) }
        guard let year, let day, let month = months.firstIndex(of: month).map({ Int64($0) + 1 }),
            clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
            // A leap second is one that the clock does not know: it counts for the next.
            hour < 24, minute < 60, second <= 60,
            day >= 1, days(year, month, day) < (month == 12 ? days(year + 1, 1, 1) : days(year, month + 1, 1))
        else { return nil }
        return days(year, month, day) * daySeconds + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: String, _ digitCount: Int) -> Int64? {
        let isNumber = text.utf8.count == digitCount && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? Int64(text) : nil
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
