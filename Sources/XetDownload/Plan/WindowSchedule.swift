import XetCore

/// Cuts a download into the ranges that reconstructions are asked for.
///
/// The first is small, so that the first byte comes soon; later ones follow how far the download may run ahead. A
/// window decides how long the signed ranges are, since the CAS signs just the chunks that a window needs. What is
/// fetched side by side has to wait in memory until it is delivered, so that many short ranges are faster than few
/// long ones where a connection is slow. Where a file is in many pieces its ranges are short anyway, and windows are as much
/// longer: each costs a request, and cuts a term in two.
///
/// Where several readers are to want the same, windows end on a grid of the file instead, whoever reads how fast.
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
    /// What windows end at multiples of, where they keep to a grid; the first ends after ``firstByteCount`` bytes of the file.
    var gridByteCount: UInt64?

    /// The first window of a range.
    func first(of range: FileByteRange) -> FileByteRange? {
        if let gridByteCount { return cell(from: range.start, gridByteCount, in: range) }
        return window(from: range.start, byteCount: firstByteCount, in: range)
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
        if let gridByteCount {
            // The window before ended with a whole chunk: the one over the border comes again, as it does for all others.
            let line = lines(around: start, gridByteCount).before
            let isBehindLine = line > range.start && start - line < UInt64(Chunker.maximumByteCount)
            return cell(from: isBehindLine ? line : start, gridByteCount, in: range)
        }
        let limit = UInt64(clamping: byteLimit)
        let rangeByteCount = min(limit / UInt64(max(2, fetchLimit)), mostRangeByteCount)
        let spreadByteCount = UInt64(exactly: (Double(rangeByteCount) * max(1, spread)).rounded(.down)) ?? mostByteCount
        let byteCount = max(rangeByteCount, min(spreadByteCount, limit / 2))
        return window(from: start, byteCount: max(min(byteCount, mostByteCount), leastByteCount), in: range)
    }

    /// The window from which a reader goes on that had paused; `byteLimit` says what it is likely to take.
    func resumption(from start: UInt64, in range: FileByteRange, byteLimit: Int) -> FileByteRange? {
        if let gridByteCount { return cell(from: start, gridByteCount, in: range) }
        let byteCount = min(max(UInt64(clamping: byteLimit), leastResumptionByteCount), mostRangeByteCount)
        return window(from: start, byteCount: byteCount, in: range)
    }

    /// Up to the next line of the grid.
    private func cell(from start: UInt64, _ gridByteCount: UInt64, in range: FileByteRange) -> FileByteRange? {
        guard start < range.end else { return nil }
        return FileByteRange(start: start, end: min(range.end, lines(around: start, gridByteCount).after))
    }

    /// The lines of the grid that a place is between; it may be on the first.
    private func lines(around place: UInt64, _ gridByteCount: UInt64) -> (before: UInt64, after: UInt64) {
        let first = min(firstByteCount, gridByteCount)
        if place < first { return (0, first) }
        let line = place / gridByteCount * gridByteCount
        return (max(line, first), line + gridByteCount)
    }

    private func window(from start: UInt64, byteCount: UInt64, in range: FileByteRange) -> FileByteRange? {
        guard start < range.end else { return nil }
        return FileByteRange(start: start, end: min(range.end, start + min(max(1, byteCount), range.end - start)))
    }
}
