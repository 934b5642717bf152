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
            let json = Data(unsafe fuzzInput(start, count))
            check(json)
            checkRewriting(json)
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

/// Whatever a client reads in a rewritten answer, no address of the upstream is left in it.
private func checkRewriting(_ json: Data) {
    let own = "http://proxy.example/x"
    guard let rewritten = try? ReconstructionRewriting.rewrite(Array(json), replacement: { _ in own }) else { return }
    for version in ReconstructionVersion.allCases {
        guard let reconstruction = try? Reconstruction(json: Data(rewritten), version: version) else { continue }
        for fetches in reconstruction.fetches.values {
            precondition(fetches.infos.allSatisfy { $0.url.secret == own })
        }
    }
}
