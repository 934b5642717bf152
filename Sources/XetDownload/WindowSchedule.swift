import XetCore

/// Cuts a download into the ranges that reconstructions are asked for.
///
/// The first is small, so that the first byte comes soon; later ones follow how far the download may run ahead. A
/// window decides how long the signed ranges are, since the CAS signs just the chunks that a window needs. What is
/// fetched side by side has to wait in memory until it is delivered, so that many small windows are faster than few
/// large ones where a connection is slow.
struct WindowSchedule: Sendable {
    /// Bytes of the first window, and least bytes of the others: each costs a request to the CAS.
    let firstByteCount: UInt64
    /// Most bytes of a window.
    let mostByteCount: UInt64

    /// The first window of a range.
    func first(of range: FileByteRange) -> FileByteRange? {
        window(from: range.start, byteCount: firstByteCount, in: range)
    }

    /// The window that begins where the one before ended; `nil` at the end of the range.
    ///
    /// `byteLimit` and `fetchLimit` say how far the download may run ahead; at least two windows fit, so that one is
    /// fetched while the other is delivered.
    func next(from start: UInt64, in range: FileByteRange, byteLimit: Int, fetchLimit: Int) -> FileByteRange? {
        let byteCount = UInt64(clamping: byteLimit / max(2, fetchLimit))
        return window(from: start, byteCount: min(max(byteCount, firstByteCount), mostByteCount), in: range)
    }

    private func window(from start: UInt64, byteCount: UInt64, in range: FileByteRange) -> FileByteRange? {
        guard start < range.end else { return nil }
        return FileByteRange(start: start, end: min(range.end, start + min(max(1, byteCount), range.end - start)))
    }
}
