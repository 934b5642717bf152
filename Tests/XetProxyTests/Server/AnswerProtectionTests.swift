import HTTPTypes
import Hummingbird
import Testing
import XetWire

@testable import XetProxy

@Suite struct AnswerProtectionTests {
    private func answer(
        _ headers: HTTPFields,
        _ route: RequestRoute,
        method: HTTPRequest.Method = .get,
        isAnonymous: Bool = false
    ) -> HTTPFields {
        var request = HTTPRequest(method: method, scheme: "http", authority: "proxy", path: "/")
        if !isAnonymous { request.headerFields[.authorization] = "Basic dTpw" }
        var response = Response(status: .ok, headers: headers)
        AnswerProtection.apply(to: &response, of: request, route)
        return response.headers
    }

    @Test(arguments: [
        (nil, "private"), ("", "private"), ("public", "private"), ("public, max-age=60", "private, max-age=60"),
        ("PUBLIC , S-MaxAge=5, max-age = 60", "private, max-age = 60"), ("private", "private"),
        ("no-store", "no-store"), ("public, no-store", "no-store"),
        ("max-age=1, Private", "max-age=1, Private"), ("no-cache", "private, no-cache"),
        ("private, no-store", "private, no-store"),
        ("private=\"set-cookie\", max-age=1", "private, max-age=1"),
        ("no-cache=\"a, public\"", "private, no-cache=\"a, public\""), ("x=\"public", "private, no-store"),
        ("x=\"a\\\", b\", public", "private, x=\"a\\\", b\""), ("proxy-revalidate, immutable", "private, immutable"),
    ])
    func `answers to a token`(given: String?, expected: String) {
        var headers: HTTPFields = [:]
        headers[.cacheControl] = given
        for route in RequestRoute.allCases {
            #expect(answer(headers, route)[.cacheControl] == expected)
        }
    }

    @Test func `several fields are one list`() {
        var headers: HTTPFields = [:]
        headers.append(HTTPField(name: .cacheControl, value: "public"))
        headers.append(HTTPField(name: .cacheControl, value: "max-age=60"))
        #expect(answer(headers, .hub)[values: .cacheControl] == ["private, max-age=60"])
    }

    @Test func `anonymous answers keep what the Hub says`() {
        for route in [RequestRoute.resolve, .download, .downloadHash, .hub] {
            #expect(
                answer([.cacheControl: "public, max-age=60"], route, isAnonymous: true)[.cacheControl]
                    == "public, max-age=60"
            )
            #expect(answer([:], route, isAnonymous: true)[.cacheControl] == nil)
        }
    }

    @Test func `what gives access is for one caller`() {
        let open: HTTPFields = [.cacheControl: "public, max-age=60"]
        for route in [RequestRoute.token, .cas, .xorb, .address] {
            #expect(answer(open, route, isAnonymous: true)[.cacheControl] == "private, max-age=60")
        }
        for (name, value) in [
            (HTTPField.Name.location, "http://proxy/addresses/a.b"), (.location, "/base/xorbs/0/a.b"),
            (.link, "<http://proxy/addresses/a.b>; rel=\"next\""),
        ] {
            var headers = open
            headers[name] = value
            #expect(answer(headers, .resolve, isAnonymous: true)[.cacheControl] == "private, max-age=60")
        }
        #expect(answer(open, .hub, method: .post, isAnonymous: true)[.cacheControl] == "private, max-age=60")
    }

    @Test func `what answers depend on`() {
        #expect(answer([:], .resolve)[.vary] == "Authorization, User-Agent")
        let origin: HTTPFields = [.vary: "Origin,accept-encoding"]
        #expect(answer(origin, .hub, isAnonymous: true)[.vary] == "Origin, accept-encoding, Authorization")
        #expect(answer(origin, .hub)[.vary] == "Origin,accept-encoding")
        #expect(answer([.vary: "user-agent"], .resolve, isAnonymous: true)[.vary] == "user-agent, Authorization")
        #expect(answer([.vary: "*"], .resolve)[.vary] == "*")
        #expect(answer([:], .page)[.vary] == nil)
    }

    @Test func `browsers run nothing of a repository`() {
        let headers = answer([:], .download, isAnonymous: true)
        #expect(headers[.xContentTypeOptions] == "nosniff")
        let policy = headers[.contentSecurityPolicy] ?? ""
        #expect(policy.contains("sandbox") && policy.contains("default-src 'none'") && !policy.contains("script"))
        let page = HTTPFields.page(contentType: "text/html", cacheControl: "no-cache")
        #expect(answer(page, .page)[.contentSecurityPolicy] == page[.contentSecurityPolicy])
    }
}
