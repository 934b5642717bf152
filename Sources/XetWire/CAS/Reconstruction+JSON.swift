public import XetCore

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension Reconstruction {
    init(_ bodies: [TermBody], offset: UInt64, fetches: [XorbHash: [FetchInfo]]) throws(ReconstructionError) {
        guard bodies.count <= Self.maximumTermCount else { throw .tooManyTerms(bodies.count) }
        var terms: [Term] = []
        terms.reserveCapacity(bodies.count)
        for body in bodies {
            terms.append(try body.term("terms"))
        }
        try self.init(offsetIntoFirstTerm: offset, terms: terms, fetches: fetches)
    }

    /// Parses the JSON of either version.
    public init(json: Data, version: ReconstructionVersion) throws(ReconstructionError) {
        self =
            switch version {
            case .v1: try Self.decode(ReconstructionV1Body.self, json).reconstruction()
            case .v2: try Self.decode(ReconstructionV2Body.self, json).reconstruction()
            }
    }

    private static func decode<Body: Decodable>(_ type: Body.Type, _ json: Data) throws(ReconstructionError) -> Body {
        do {
            return try JSONDecoder().decode(type, from: json)
        } catch let error as DecodingError {
            throw .malformed(path: error.place, reason: error.reason)
        } catch {
            throw .malformed(path: "", reason: "\(error)")
        }
    }
}

extension DecodingError {
    private var context: Context? {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context
        @unknown default: nil
        }
    }

    /// The path to the value that did not fit.
    package var place: String { context?.codingPath.map(\.stringValue).joined(separator: ".") ?? "" }

    /// What did not fit.
    package var reason: String { context?.debugDescription ?? "\(self)" }
}
