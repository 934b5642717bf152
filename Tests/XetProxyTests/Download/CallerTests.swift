import HTTPTypes
import Testing
import XetAccess

@testable import XetProxy

@Suite struct CallerTests {
    private func request(_ authorization: String?) -> HTTPRequest {
        var request = HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/")
        request.headerFields[.authorization] = authorization
        return request
    }

    @Test(arguments: ["Bearer hf_a", "bearer hf_a", "BEARER hf_a"])
    func `bearer tokens`(value: String) throws {
        for allowAnonymous in [false, true] {
            #expect(try Caller.token(of: request(value), allowAnonymous: allowAnonymous)?.secret == "hf_a")
        }
    }

    @Test(arguments: ["Basic dXNlcjpoZl9h", "basic dXNlcjpoZl9h", "BASIC aGZfYTo=", "Basic aGZfYTp4LW9hdXRoLWJhc2lj"])
    func `Basic credentials`(value: String) throws {
        for allowAnonymous in [false, true] {
            #expect(try Caller.token(of: request(value), allowAnonymous: allowAnonymous)?.secret == "hf_a")
        }
    }

    @Test func `nobody, where that is allowed`() throws {
        #expect(try Caller.token(of: request(nil), allowAnonymous: true) == nil)
        let error = #expect(throws: XetError.self) { try Caller.token(of: request(nil), allowAnonymous: false) }
        #expect(error?.code == .unauthorized)
    }

    /// A bad credential never becomes an anonymous request.
    @Test(arguments: [
        "", " ", "Bearer", "Bearer ", "hf_a", "Bearer a b", "Bearer:hf_a", "Bearerhf_a", "Bearer hf_ä", "Basic",
        "Basic ", "Basic hf_abcdef", "Basic dXNlcjpoZg", "Basicdpb25hbA==", "Digest username=\"x\"", "Negotiate YWJj",
    ])
    func `what is no token`(value: String) {
        for allowAnonymous in [false, true] {
            let error = #expect(throws: XetError.self) {
                try Caller.token(of: request(value), allowAnonymous: allowAnonymous)
            }
            #expect(error?.code == .unauthorized)
            if value.count > 8 { #expect(error.map { !"\($0)".contains(value.dropFirst(7)) } == true) }
        }
    }
}
