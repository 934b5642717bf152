import InMemoryTracing
import Testing
import Tracing
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetWire

@testable import XetProxy

@Suite(.timeLimit(.minutes(5))) struct UpstreamTests {
    /// Has no token for anybody.
    private struct NoTokens: TokenProvider {
        func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken {
            throw XetError(.unauthorized, "none")
        }
    }

    /// Calls `body` with an upstream whose Hub is not there.
    private func withUpstream(_ body: (Upstream) async throws -> Void) async throws {
        let http = UpstreamHTTP(UpstreamHTTP.Configuration())
        let address = try #require(HTTPAddress("http://127.0.0.1:1"))
        let upstream = Upstream(
            hub: HubClient(endpoint: address, http: http),
            tokens: NoTokens(),
            cas: CASClient(http: http, tokens: NoTokens(), retry: RetryPolicy(maximumAttempts: 1)),
            downloader: FileDownloader(xorbs: CDNClient(http: http), budget: FetchBudget()),
            retry: RetryPolicy(maximumAttempts: 1)
        )
        do {
            try await body(upstream)
            try await http.shutdown()
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    @Test func `stages are spans, and failures belong to them`() async throws {
        let repository = try #require(Repository(kind: .model, name: "acme/model"))
        let file = FileRequest(repository: repository, revision: "main", path: "a.bin", token: nil)
        let tracer = InMemoryTracer()
        try await withUpstream { upstream in
            await withTracer(tracer) {
                _ = try? await upstream.head(file, followsHub: true)
                try? await upstream.warmToken(file.tokenScope())
            }
        }
        #expect(tracer.finishedSpans.map(\.operationName) == ["resolve", "token"])
        #expect(tracer.finishedSpans.allSatisfy { !$0.errors.isEmpty })
    }
}
