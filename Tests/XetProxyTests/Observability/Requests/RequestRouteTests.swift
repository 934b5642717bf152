import Testing

@testable import XetProxy

@Suite struct RequestRouteTests {
    @Test(
        arguments: [
            ("/", .page), ("/ui.css", .page), ("/events", .events), ("/openapi.json", .openapi), ("/health", .health),
            ("/livez", .livez), ("/readyz", .readyz), ("/metrics", .metrics), ("/download/a/b/c", .download),
            ("/download-hash/0", .downloadHash),
            ("/download", nil), ("/metrics/", nil), ("/healthz", nil), ("/a/b/resolve/main/c", nil), ("", nil),
        ] as [(String, RequestRoute?)]
    )
    func `own paths`(path: String, route: RequestRoute?) {
        #expect(RequestRoute(ownPath: path) == route)
    }

    @Test(
        arguments: [
            ("/acme/model/resolve/main/a.bin", .resolve), ("/api/models/acme/model", .hub),
            ("/api/models/acme/model/xet-read-token/main", .token), ("/v1/telemetry", .telemetry),
            ("/addresses/x", .address), ("/v1/reconstructions/\(String(repeating: "a", count: 64))", .cas),
            ("/xorbs/\(String(repeating: "a", count: 64))/x", .xorb), ("/acme/model/git-upload-pack", .git),
            ("/acme/model.git/info/refs", .hub), ("/acme/model/git-receive-pack", .hub),
        ] as [(String, RequestRoute)]
    )
    func `paths of a Hub and a CAS`(path: String, route: RequestRoute) throws {
        #expect(RequestRoute(try #require(try EndpointTarget(encodedPath: path))) == route)
    }
}
