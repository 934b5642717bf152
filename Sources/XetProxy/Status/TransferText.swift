/// The lines of the page about transfers and failures.
///
/// `PageScript` writes them in the same way.
enum TransferText {
    static let hiddenName = "a private file"
    static let hiddenRepository = "a private repository"

    /// `12.0 MiB of 24.0 MiB · 3.2 MiB/s · 4 s left`, and for the operator `· 3 s to 192.0.2.1`.
    static func line(_ transfer: StatusReport.Transfer) -> String {
        let sent = AmountText.bytes(transfer.sent)
        var parts = [transfer.total.map { "\(sent) of \(AmountText.bytes($0))" } ?? sent]
        parts.append("\(AmountText.bytes(transfer.rate))/s")
        if let total = transfer.total, transfer.rate > 0 {
            parts.append("\(AmountText.time(seconds: (total - min(total, transfer.sent)) / transfer.rate)) left")
        }
        if let client = transfer.client {
            parts.append("\(AmountText.time(seconds: transfer.seconds)) to \(client)")
        }
        return parts.joined(separator: " · ")
    }

    /// `download · 12 s ago`.
    static func line(_ failure: StatusReport.Failure) -> String {
        "\(failure.route) · \(AmountText.time(seconds: failure.secondsAgo)) ago"
    }

    /// `12.0 GiB of 1.0 TiB kept`.
    static func kept(_ cache: StatusReport.Cache) -> String {
        "\(AmountText.bytes(cache.size)) of \(AmountText.bytes(cache.limit)) kept"
    }

    /// `3.2 GiB today`.
    static func line(_ saving: StatusReport.Cache.Saving) -> String { "\(AmountText.bytes(saving.saved)) today" }

    /// `2 left by clients, 1 failed`.
    static func unfinished(_ totals: StatusReport.Totals) -> String {
        "\(totals.cancelled) left by clients, \(totals.aborted) failed"
    }
}
