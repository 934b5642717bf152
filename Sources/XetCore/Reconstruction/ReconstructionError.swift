/// Why an answer of the CAS cannot be used.
public enum ReconstructionError: Error, Hashable, Sendable {
    /// The answer is not the JSON it should be; `path` names the place.
    case malformed(path: String, reason: String)
    /// A term states a length that its chunks cannot have.
    case implausibleTermLength(xorb: XorbHash, chunkCount: Int, byteCount: Int)
    /// A fetch info states a byte range that its chunks cannot have.
    case implausibleFetchLength(chunkCount: Int, byteCount: UInt64)
    /// More terms than ``Reconstruction/maximumTermCount``.
    case tooManyTerms(Int)
    /// More fetch infos than ``Reconstruction/maximumFetchCount``.
    case tooManyFetches(Int)
    /// The terms, or the ranges to fetch for them, have more chunks than a window can need.
    case tooManyChunks(Int)
    /// The offset into the first term lies behind the last.
    case offsetBeyondTerms(offset: UInt64, byteCount: UInt64)
    /// No fetch info holds all chunks of the term.
    case termWithoutFetch(index: Int, xorb: XorbHash)
    /// The terms end before the range that was asked for, and before the end of the file.
    case tooShort(expected: UInt64, found: UInt64)
    /// A renewed answer describes other terms or ranges than the first.
    case changedOnRenewal
}
