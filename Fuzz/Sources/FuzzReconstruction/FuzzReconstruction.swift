import FuzzDriver
import XetCore
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Answers of the reconstruction API, either version.
@main
enum FuzzReconstruction {
    static func main() {
        unsafe runFuzzer { start, count in
            check(Data(unsafe fuzzInput(start, count)))
            return 0
        }
    }
}

private func check(_ json: Data) {
    for version in ReconstructionVersion.allCases {
        guard let reconstruction = try? Reconstruction(json: json, version: version) else { continue }
        precondition(reconstruction.offsetIntoFirstTerm <= reconstruction.termByteCount)
        for term in reconstruction.terms {
            guard let info = reconstruction.fetchInfo(for: term) else { preconditionFailure("a term without a fetch") }
            precondition(info.chunks.contains(term.chunks))
        }
        // What was read can be written and read again.
        do {
            let body = try JSONEncoder().encode(ReconstructionV1Body(reconstruction))
            let again = try Reconstruction(json: body, version: .v1)
            precondition(again == reconstruction)
        } catch {
            preconditionFailure("a reconstruction that was read cannot be written: \(error)")
        }
    }
}
