import HTTPTypes
import HummingbirdTesting
import Testing
import XetCore
import XetWire

@testable import XetOrigin

@Suite struct TokenRouteTests {
    private static let files: [String: [UInt8]] = ["datasets/acme/data/x": [1]]

    @Test func `says the same in body and headers`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            for revision in ["main", "refs%2Fheads%2Fmain"] {
                let answer = try await origin.get("/api/datasets/acme/data/xet-read-token/\(revision)")
                let body = try answer.json(TokenBody.self)
                #expect(body.casURL == "http://localhost")
                #expect(body.expiration == origin.clock.now + OriginConfiguration.defaultLifetime)
                #expect(answer.headers[.xetCASURL] == body.casURL)
                #expect(answer.headers[.xetAccessToken] == body.accessToken)
                #expect(answer.headers[.xetTokenExpiration] == "\(body.expiration)")
            }
        }
    }

    @Test func `needs a revision that is there, for reading`() async throws {
        try await OriginFixture.with(Self.files) { origin in
            let read = try await origin.get("/api/datasets/acme/data/xet-read-token/dev")
            #expect(read.status == .notFound)
            #expect(read.headers[.errorCode] == HubErrorCode.revisionNotFound)
            let write = try await origin.get("/api/datasets/acme/data/xet-write-token/None?create_pr=1", token: "any")
            #expect(write.status == .ok)
        }
    }
}
