package import XetAccess
package import XetClient
import XetCore
package import XetDownload

/// The bytes of a file from some place on, about to come.
package enum ContentSource {
    /// From XET; `start` is the first byte.
    case xet(PreparedDownload, start: UInt64)
    /// From the Hub, or from where it sends us.
    case regular(RegularContent)

    /// The first byte; 0 if the Hub does not send parts of files, whatever was asked for.
    package var start: UInt64 {
        switch self {
        case .xet(_, let start): start
        case .regular(let content): content.range?.start ?? 0
        }
    }

    /// Whether bytes from 0 on that all came are those that the Hub means.
    package var isVerifiedInStream: Bool {
        if case .xet = self { start == 0 } else { false }
    }

    /// Sends them; `retry` is for what is not in XET.
    package func stream(retry: RetryPolicy, into sink: inout some DeliverySink) async throws {
        switch self {
        case .xet(let download, _): try await download.stream(into: &sink)
        case .regular(let content): try await content.stream(retry: retry, into: &sink)
        }
    }
}
