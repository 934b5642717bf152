import XetCore

/// Cuts a download into the ranges that reconstructions are asked for.
///
/// The first is small, so that the first byte comes soon; later ones follow how far the download may run ahead. A
/// window decides how long the signed ranges are, since the CAS signs just the chunks that a window needs. What is
/// fetched side by side has to wait in memory until it is delivered, so that many short ranges are faster than few
/// long ones where a connection is slow. Where a file is in many pieces its ranges are short anyway, and windows are as much
/// longer: each costs a request, and cuts a term in two.
struct WindowSchedule: Sendable {
    /// Bytes of the first window.
    let firstByteCount: UInt64
    /// Least bytes of the others: each costs a request to the CAS.
    let leastByteCount: UInt64
    /// Least bytes for a reader that is slow.
    let leastResumptionByteCount: UInt64
    /// Most bytes that one range is meant to have.
    let mostRangeByteCount: UInt64
    /// Most bytes of a window.
    let mostByteCount: UInt64

    /// The first window of a range.
    func first(of range: FileByteRange) -> FileByteRange? {
        window(from: range.start, byteCount: firstByteCount, in: range)
    }

    /// The window that begins where the one before ended; `nil` at the end of the range.
    ///
    /// `byteLimit` and `fetchLimit` say how far the download may run ahead; at least two windows fit, so that one is
    /// fetched while the other is delivered. `spread` is how many times as long as its longest range a window was.
    func next(
        from start: UInt64,
        in range: FileByteRange,
        byteLimit: Int,
        fetchLimit: Int,
        spread: Double = 1
    ) -> FileByteRange? {
        let limit = UInt64(clamping: byteLimit)
        let rangeByteCount = min(limit / UInt64(max(2, fetchLimit)), mostRangeByteCount)
        let spreadByteCount = UInt64(exactly: (Double(rangeByteCount) * max(1, spread)).rounded(.down)) ?? mostByteCount
        let byteCount = max(rangeByteCount, min(spreadByteCount, limit / 2))
        return window(from: start, byteCount: max(min(byteCount, mostByteCount), leastByteCount), in: range)
    }

    /// The window from which a reader goes on that had paused; `byteLimit` says what it is likely to take.
    func resumption(from start: UInt64, in range: FileByteRange, byteLimit: Int) -> FileByteRange? {
        let byteCount = min(max(UInt64(clamping: byteLimit), leastResumptionByteCount), mostRangeByteCount)
        return window(from: start, byteCount: byteCount, in: range)
    }

    private func window(from start: UInt64, byteCount: UInt64, in range: FileByteRange) -> FileByteRange? {
        guard start < range.end else { return nil }
        return FileByteRange(start: start, end: min(range.end, start + min(max(1, byteCount), range.end - start)))
    }
}
