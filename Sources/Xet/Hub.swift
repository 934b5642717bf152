import NIOCore
public import XetAccess
import XetClient
import XetCore
import XetDownload
import XetLocal
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A Hub: its files, downloaded and uploaded by XET.
///
/// ```swift
/// let hub = Hub(token: token)
/// try await hub.download("openai-community/gpt2", "model.safetensors", to: url)
/// ```
/// Repositories are named as people write them: `owner/name`, `datasets/owner/name`, `hf://...`, or the address of their page. What
/// fails throws ``XetError``, or says what could not be done with a file here. Every call can be cancelled, and ends its requests
/// at once then. Connections and about 256 MiB of buffers are shared by all hubs of the process.
public struct Hub: Sendable {
    /// What goes wrong between here and the Hub, the CAS or the CDN, or with what they send.
    public typealias Failure = XetError

    /// The Hub that everybody knows.
    public static let usualEndpoint = "https://huggingface.co"

    private let endpointText: String
    private let tokenText: String?

    /// The Hub at `endpoint`, with the rights of `token`, or of nobody.
    ///
    /// Either is looked at when it is used.
    public init(token: String? = nil, endpoint: String = usualEndpoint) {
        tokenText = token
        endpointText = endpoint
    }

    func token() throws(XetError) -> HubToken? {
        guard let tokenText else { return nil }
        guard let token = HubToken(tokenText) else {
            throw XetError(.invalidRequest, "the token is empty, or cannot stand in a header")
        }
        return token
    }

    func parts() throws(XetError) -> HubParts {
        HubConnections.shared.parts(for: try address())
    }

    /// Reads the name of a repository, which may hold a revision and a path.
    func repository(_ text: String, revision: String?) throws(XetError) -> RepositoryAddress {
        guard let address = RepositoryAddress(text, hub: try address()) else {
            throw XetError(
                .invalidRequest,
                "'\(text)' is no repository: expected owner/name, or its hf:// or https address"
            )
        }
        guard revision == nil || address.revision == nil else {
            throw XetError(.invalidRequest, "the revision is named twice")
        }
        return address
    }

    private func address() throws(XetError) -> HTTPAddress {
        guard let address = HTTPAddress(endpointText) else {
            throw XetError(.invalidRequest, "the Hub's address is no http or https URL")
        }
        return address
    }
}

/// The connections and buffers of the process.
private struct HubConnections: Sendable {
    static let shared = HubConnections()

    private let http: UpstreamHTTP
    private let writes: UpstreamHTTP
    private let downloader: FileDownloader

    private init() {
        var configuration = UpstreamHTTP.Configuration()
        configuration.userAgent = "xet-swift/\(XetVersion.current)"
        http = UpstreamHTTP(configuration)
        // A server that has got an upload checks it before it answers.
        configuration.readTimeout = .minutes(5)
        writes = UpstreamHTTP(configuration)
        downloader = FileDownloader(xorbs: CDNClient(http: http), budget: FetchBudget())
    }

    func parts(for endpoint: HTTPAddress) -> HubParts {
        let hub = HubClient(endpoint: endpoint, http: http)
        let tokens = TokenCache(hub, now: { UInt64(max(0, Date().timeIntervalSince1970)) })
        return HubParts(
            hub: hub,
            cas: CASClient(http: http, tokens: tokens),
            downloader: downloader,
            writes: writes,
            bodyRetry: .outlasting()
        )
    }
}
