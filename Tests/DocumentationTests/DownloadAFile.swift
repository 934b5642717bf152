import NIOCore
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetWire
import _NIOFileSystem

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// The code of the article "Download a file", so that it compiles; `ArticleTests` compares the two.

func download(_ request: FileRequest, from hubAddress: HTTPAddress, to path: FilePath) async throws {
    let http = UpstreamHTTP(UpstreamHTTP.Configuration())
    do {
        let hub = HubClient(endpoint: hubAddress, http: http)
        let tokens = TokenCache(hub, now: { UInt64(max(0, Date().timeIntervalSince1970)) })
        let cas = CASClient(http: http, tokens: tokens)
        let downloader = FileDownloader(xorbs: CDNClient(http: http), budget: FetchBudget())

        let file = try await hub.resolve(request)
        guard case .xet(let hash) = file.storage, let byteCount = file.byteCount else {
            throw XetError(.invalidRequest, "\(request.path) is not stored in XET")
        }
        let download = try await downloader.prepare(
            hash,
            byteCount: byteCount,
            range: FileByteRange(count: byteCount),
            from: cas.reconstructions(for: request.tokenScope(file))
        )
        try await FileSystem.shared.withFileHandle(
            forWritingAt: path,
            options: .newFile(replaceExisting: true)
        ) { handle in
            var sink = FileSink(handle: handle)
            try await download.stream(into: &sink)
        }
        try await http.shutdown()
    } catch {
        try? await http.shutdown()
        throw error
    }
}

struct FileSink: DeliverySink {
    let handle: WriteFileHandle
    var position: Int64 = 0

    mutating func deliver(_ bytes: ByteBuffer) async throws {
        position += try await handle.write(contentsOf: bytes, toAbsoluteOffset: position)
    }
}
