package import XetCore

/// Why a body is not the parts that were asked for.
package enum MultipartError: Error, Hashable {
    /// More bytes before a part than are taken: in front of the first, or of its headers.
    case tooMuchBeforePart(limit: Int)
    /// A line of a part's headers that is none.
    case malformedHeader
    /// A part that does not say which range it is, or says it twice, or in no way that is known.
    case noContentRange
    /// Another part than the next.
    case wrongPart(expected: HTTPByteRange, found: HTTPByteRange)
    /// A part after the last.
    case tooManyParts
    /// No delimiter where a part ends.
    case noDelimiter
    /// The last delimiter before the last part.
    case tooFewParts(missing: Int)
}
