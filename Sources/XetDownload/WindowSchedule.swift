import XetCore

/// Cuts a download into the ranges that reconstructions are asked for.
///
/// The first is small, so that the first byte comes soon; later ones follow how far the download may run ahead. A
/// window decides how long the signed ranges are, since the CAS signs just the chunks that a window needs.
struct WindowSchedule: Sendable {
    /// Bytes of the first window.
    let firstByteCount: UInt64
    /// Most bytes of a window.
    let mostByteCount: UInt64

    /// The first window of a range.
    func first(of range: FileByteRange) -> FileByteRange? {
        window(from: range.start, byteCount: firstByteCount, in: range)
    }

    /// The window that begins where the one before ended; `nil` at the end of the range.
    func next(from start: UInt64, in range: FileByteRange, runAhead: Int) -> FileByteRange? {
        let byteCount = min(mostByteCount, max(firstByteCount, UInt64(clamping: runAhead)))
        return window(from: start, byteCount: byteCount, in: range)
    }

    private func window(from start: UInt64, byteCount: UInt64, in range: FileByteRange) -> FileByteRange? {
        guard start < range.end else { return nil }
        return FileByteRange(start: start, end: min(range.end, start + min(byteCount, range.end - start)))
    }
}
