/// Amounts as people read them.
///
/// `PageScript` writes them in the same way.
enum AmountText {
    private static let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

    /// `12 B`, `1.5 MiB`.
    static func bytes(_ count: UInt64) -> String {
        guard count >= 1024 else { return "\(count) B" }
        let exponent = (UInt64.bitWidth - 1 - count.leadingZeroBitCount) / 10
        let unit = Double(UInt64(1) << (10 * exponent))
        let tenths = UInt64((Double(count) * 10 / unit).rounded(.toNearestOrAwayFromZero))
        return "\(tenths / 10).\(tenths % 10) \(units[exponent - 1])"
    }

    /// `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`.
    static func time(seconds: UInt64) -> String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
        case ..<86400: "\(seconds / 3600) h \(seconds / 60 % 60) min"
        default: "\(seconds / 86400) d \(seconds / 3600 % 24) h"
        }
    }
}
