package import XetAccess
package import XetClient
package import XetCore
package import XetDownload

/// What talks to one Hub and what belongs to it.
package struct HubParts: Sendable {
    package let hub: HubClient
    package let cas: CASClient
    package let downloader: FileDownloader
    /// For uploads: waits for a server that has got something to check.
    package let writes: UpstreamHTTP
    /// For the bodies of files that are not in XET.
    package let bodyRetry: RetryPolicy

    package init(
        hub: HubClient,
        cas: CASClient,
        downloader: FileDownloader,
        writes: UpstreamHTTP,
        bodyRetry: RetryPolicy
    ) {
        self.hub = hub
        self.cas = cas
        self.downloader = downloader
        self.writes = writes
        self.bodyRetry = bodyRetry
    }

    /// Opens a file; all of it if no range is given.
    ///
    /// A Hub may send the whole of a file that is not in XET, whatever was asked for: see ``ContentSource/start``. `request` is `nil`
    /// when only the hash is known. With an `update` chunks that are here are not fetched. Throws ``XetError``.
    package func open(
        _ file: ResolvedFile,
        _ request: FileRequest?,
        _ scope: TokenScope,
        range: FileByteRange? = nil,
        update: FileUpdate? = nil
    ) async throws -> ContentSource {
        switch file.storage {
        case .xet(let hash):
            guard let byteCount = file.byteCount else { throw XetError(.invalidResponse, "the file has no size") }
            let range = range ?? FileByteRange(count: byteCount)
            let source = cas.reconstructions(for: scope)
            let download =
                if let update {
                    try await downloader.reading(from: UpdateXorbs(update: update, upstream: downloader.xorbs)).prepare(
                        hash,
                        byteCount: byteCount,
                        range: range,
                        from: UpdateReconstructions(update: update, upstream: source)
                    )
                } else {
                    try await downloader.prepare(hash, byteCount: byteCount, range: range, from: source)
                }
            return .xet(download, start: range.start)
        case .regular:
            guard let request else { throw XetError(.invalidRequest, "only XET files can be had by hash") }
            return .regular(try await hub.content(of: request, file, range: range))
        }
    }
}
