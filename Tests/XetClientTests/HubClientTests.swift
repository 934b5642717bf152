import HTTPTypes
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import XetAccess
import XetClientTestSupport
import XetCore
import XetTestSupport
import XetWire

@testable import XetClient

@Suite(.timeLimit(.minutes(5))) struct HubClientTests {
    private static let hash = String(repeating: "0123456789abcdef", count: 4)
    /// What every Hub says of a file.
    private static let identity = [("X-Repo-Commit", "c0ffee"), ("ETag", "\"abc\"")]
    private static let redirect: [(String, String)] = [
        ("X-Xet-Hash", hash), ("X-Linked-Size", "12345"), ("X-Linked-Etag", "\"abc\""), ("X-Repo-Commit", "c0ffee"),
        ("Location", "https://cdn.example/elsewhere"), ("ETag", "\"of the redirect\""), ("Content-Type", "text/html"),
    ]

    private func request(_ path: String = "folder/file.bin", revision: String = "main", token: String? = "hf_a") throws
        -> FileRequest
    {
        FileRequest(
            repository: try #require(Repository(kind: .model, name: "owner/name")),
            revision: revision,
            path: path,
            token: token.flatMap { HubToken($0) }
        )
    }

    /// Resolves a file of a Hub that always answers the same.
    private func resolve(_ answer: ScriptedAnswer) async throws -> ResolvedFile {
        let request = try request()
        return try await withHub({ _ in answer }) { hub, _ in try await hub.resolve(request) }
    }

    private func code(_ body: () async throws -> Void) async -> XetError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? XetError)?.code
        }
    }

    // MARK: The Hub's own words

    /// A redirect to the Hub itself is that of a repository which was renamed.
    @Test func `a redirect to the Hub is the answer if it is not to be followed`() async throws {
        let script: ScriptedServer.Script = { request in
            guard request.target.contains("/folder/") else { return ScriptedAnswer(200, [("ETag", "\"new\"")]) }
            return ScriptedAnswer(307, [("Location", "/new/name/resolve/main/x")])
        }
        let request = try request()
        try await withHub(script) { hub, server in
            let answer = try await hub.head(request, followsHub: false)
            #expect(answer.head.status.code == 307)
            #expect(answer.isRedirect)
            #expect(!answer.namesContent)
            #expect(server.requests.count == 1)
            let followed = try await hub.head(request)
            #expect(followed.head.status.code == 200)
            #expect(followed.address.target == "/new/name/resolve/main/x")
            #expect(followed.namesContent)
        }
    }

    @Test func `headers go along, and an error is an answer`() async throws {
        let request = try request()
        try await withHub({ _ in ScriptedAnswer(404, [("X-Error-Code", "EntryNotFound")]) }) { hub, server in
            let answer = try await hub.head(request, headers: [.userAgent: "theirs", .acceptEncoding: "gzip"])
            #expect(answer.head.headerFields[.errorCode] == "EntryNotFound")
            #expect(!answer.namesContent)
            let sent = try #require(server.requests.first)
            #expect(sent.headers["user-agent"] == ["theirs"])
            #expect(sent.headers["accept-encoding"] == ["identity"])
            #expect(sent.authorization == "Bearer hf_a")
            let error = #expect(throws: XetError.self) { try answer.file(hub: hub.endpoint) }
            #expect(error?.code == .notFound)
        }
    }

    // MARK: What a resolve answer says

    @Test func `a file in XET`() async throws {
        let request = try request("a b/ü#?.bin", revision: "refs/pr/1")
        try await withHub({ _ in ScriptedAnswer(302, Self.redirect) }) { hub, server in
            let file = try await hub.resolve(request)
            #expect(FileHash(Self.hash).map { file.storage == .xet($0) } == true)
            #expect(file.byteCount == 12345)
            #expect(file.etag == "\"abc\"")
            #expect(file.commit == "c0ffee")
            // Those of the redirect are not those of the file.
            #expect(file.contentType == nil)
            #expect(server.requests.count == 1)
            let sent = try #require(server.requests.first)
            #expect(sent.method == .HEAD)
            #expect(sent.target == "/owner/name/resolve/refs%2Fpr%2F1/a%20b/%C3%BC%23%3F.bin")
            #expect(sent.authorization == "Bearer hf_a")
            #expect(sent.headers.first(name: "accept-encoding") == "identity")
        }
    }

    @Test func `a base path stays in front`() async throws {
        let request = try request()
        try await withHub(path: "/hub/", { _ in ScriptedAnswer(302, Self.redirect) }) { hub, server in
            _ = try await hub.resolve(request)
            #expect(server.requests.map(\.target) == ["/hub/owner/name/resolve/main/folder/file.bin"])
        }
    }

    @Test func `a regular file`() async throws {
        var answer = ScriptedAnswer(
            200,
            [
                ("ETag", "W/\"weak\""), ("X-Repo-Commit", "c0ffee"), ("Last-Modified", "then"),
                ("Content-Type", "text/plain"),
            ]
        )
        answer.announcedByteCount = 77
        let file = try await resolve(answer)
        #expect(file.storage == .regular)
        #expect(file.byteCount == 77)
        #expect(file.etag == "W/\"weak\"")
        #expect(file.lastModified == "then")
        #expect(file.contentType == "text/plain")
    }

    @Test func `a regular file of unknown size`() async throws {
        var answer = ScriptedAnswer(200, [("X-Repo-Commit", "c0ffee"), ("ETag", "\"abc\"")])
        answer.isChunked = true
        #expect(try await resolve(answer).byteCount == nil)
    }

    @Test func `a large file outside XET keeps the size that the Hub links`() async throws {
        let answer = ScriptedAnswer(
            302,
            [
                ("X-Linked-Size", "99"), ("Location", "https://cdn.example/x"), ("X-Repo-Commit", "c0ffee"),
                ("X-Linked-Etag", "\"abc\""),
            ]
        )
        let file = try await resolve(answer)
        #expect(file.storage == .regular)
        #expect(file.byteCount == 99)
    }

    @Test(arguments: ["", "-1", "1.5", "12a", "99999999999999999999"])
    func `a size that is none`(size: String) async throws {
        let answer = ScriptedAnswer(200, Self.identity + [("X-Xet-Hash", Self.hash), ("X-Linked-Size", size)])
        #expect(await code { _ = try await resolve(answer) } == .invalidResponse)
    }

    @Test(arguments: ["", "abc", hash + "0", "g" + hash.dropFirst()])
    func `a hash that is none`(text: String) async throws {
        let answer = ScriptedAnswer(
            302,
            Self.identity + [("X-Xet-Hash", text), ("X-Linked-Size", "5"), ("Location", "/x")]
        )
        #expect(await code { _ = try await resolve(answer) } == .invalidResponse)
    }

    @Test func `a redirect's own length is not the file's`() async throws {
        var answer = ScriptedAnswer(302, Self.identity + [("X-Xet-Hash", Self.hash), ("Location", "/x")])
        answer.announcedByteCount = 1000
        #expect(await code { _ = try await resolve(answer) } == .invalidResponse)
    }

    @Test(arguments: [
        (400, XetError.Code.invalidRequest), (401, .unauthorized), (403, .forbidden), (404, .notFound),
        (410, .notFound),
        (408, .timedOut), (429, .rateLimited), (500, .unavailable), (503, .unavailable), (504, .timedOut),
        (418, .invalidResponse),
    ])
    func `error statuses`(status: Int, expected: XetError.Code) async throws {
        let answer = ScriptedAnswer(
            status,
            [
                ("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "gone"), ("X-Repo-Commit", "c0"),
                ("Retry-After", "7"),
            ]
        )
        do {
            _ = try await resolve(answer)
            Issue.record("a status of \(status) passed")
        } catch let error as XetError {
            #expect(error.code == expected)
            #expect(
                error.response
                    == UpstreamFailure(
                        status: status,
                        errorCode: "RepoNotFound",
                        errorMessage: "gone",
                        commit: "c0",
                        retryAfter: 7
                    )
            )
        }
    }

    @Test func `limits are times to come back too`() async throws {
        let limit = "\"api\";r=0;t=55"
        for (headers, status, expected) in [
            ([("RateLimit", limit)], 429, 55), ([("ratelimit", limit), ("Retry-After", "3")], 429, 3),
            ([("RateLimit", limit), ("Retry-After", "soon")], 503, 55),
            ([("RateLimit", "\"api\";r=5;t=55")], 429, nil),
            ([("RateLimit", limit)], 404, nil),
        ] as [([(String, String)], Int, Int?)] {
            do {
                _ = try await resolve(ScriptedAnswer(status, headers + [("RateLimit-Policy", "\"api\";q=500;w=300")]))
                Issue.record("a status of \(status) passed")
            } catch let error as XetError {
                #expect(error.retryAfter == expected)
                #expect(error.response?.rateLimit == headers[0].1)
                #expect(error.response?.rateLimitPolicy == "\"api\";q=500;w=300")
            }
        }
    }

    @Test(
        arguments: [
            ("-5", 0), ("soon", nil), ("3", 3), ("1e3", nil), ("99999999999999999999", nil),
            // Dates, by the clock of the server.
            ("Fri, 31 Dec 1999 23:59:59 GMT", 59), ("Friday, 31-Dec-99 23:59:30 GMT", 30),
            ("Fri Dec 31 23:59:00 1999", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Fri, 31 Dec 1999 24:59:59 GMT", nil), ("Mon, 32 Jan 2000 00:00:00 GMT", nil),
            ("Sat, 01 Jan 2000 00:59:00 GMT", 3600),
        ] as [(String, Int?)]
    )
    func `times to come back`(value: String, expected: Int?) async throws {
        let date = ("Date", "Fri, 31 Dec 1999 23:59:00 GMT")
        for status in [429, 503] {
            do {
                _ = try await resolve(ScriptedAnswer(status, [("Retry-After", value), date]))
                Issue.record("a status of \(status) passed")
            } catch let error as XetError {
                #expect(error.retryAfter == expected)
            }
        }
    }

    @Test(arguments: [nil, "yesterday"])
    func `without a clock of the server's a date counts by ours`(date: String?) async throws {
        let later = try #require(HTTPDate(unixSeconds: HTTPDate.now.unixSeconds + 3600).text)
        do {
            _ = try await resolve(ScriptedAnswer(503, [("Retry-After", later)] + (date.map { [("Date", $0)] } ?? [])))
            Issue.record("a status of 503 passed")
        } catch let error as XetError {
            let seconds = try #require(error.retryAfter)
            #expect(seconds > 3000 && seconds <= 3600)
        }
    }

    // MARK: What is no Hub's answer

    @Test(arguments: [[], ["X-Repo-Commit"], ["ETag"], ["X-Linked-Etag"]])
    func `a page on the way to the Hub is no file`(names: [String]) async throws {
        for status in [200, 206, 302] {
            let headers = names.map { ($0, "\"x\"") } + [("Content-Type", "text/html"), ("X-Linked-Size", "5")]
            do {
                _ = try await resolve(ScriptedAnswer(status, headers, Array("login".utf8)))
                Issue.record("taken for a file: \(headers)")
            } catch let error as XetError {
                #expect(error.code == .invalidResponse)
                #expect(error.message.contains(names == ["X-Repo-Commit"] ? "ETag" : "X-Repo-Commit"))
            }
        }
    }

    /// Buckets keep files in XET only.
    @Test func `a file without a commit`() async throws {
        let request = try request()
        for (headers, isFile) in [
            ([("X-Xet-Hash", Self.hash), ("X-Linked-Size", "5")], true), ([("ETag", "\"abc\"")], false), ([], false),
        ] {
            try await withHub({ _ in ScriptedAnswer(200, headers) }) { hub, _ in
                let head = try await hub.head(request)
                let file = try? head.file(hub: hub.endpoint, hasCommit: false)
                #expect((file != nil) == isFile)
                #expect(throws: XetError.self) { try head.file(hub: hub.endpoint) }
            }
        }
    }

    @Test func `a host that only has bytes does not know whose they are`() async throws {
        let request = try request()
        var stored = ScriptedAnswer(200, [("ETag", "\"stored\"")])
        stored.announcedByteCount = 77
        let answer = stored
        try await ScriptedServer.run({ _ in answer }) { store in
            let location = store.origin + "/bytes"
            for (name, etag) in [("X-Linked-Etag", "\"abc\""), ("ETag", "\"abc\""), ("X", "\"stored\"")] {
                try await withHub({ _ in
                    ScriptedAnswer(302, [("Location", location), ("X-Repo-Commit", "c0ffee"), (name, "\"abc\"")])
                }) { hub, _ in
                    let file = try await hub.resolve(request)
                    #expect(file.commit == "c0ffee")
                    #expect(file.etag == etag)
                    #expect(file.byteCount == 77)
                }
            }
        }
    }

    // MARK: Codings

    /// Nothing but the file as it is was asked for.
    @Test(arguments: ["gzip", "X-GZIP", "br", "gzip, identity", "identity, zstd", "unheard-of"])
    func `a length in a coding is not the file's`(coding: String) async throws {
        let answer = ScriptedAnswer(200, Self.identity + [("Content-Encoding", coding)], Array("bytes".utf8))
        do {
            _ = try await resolve(answer)
            Issue.record("taken for a file")
        } catch let error as XetError {
            #expect(error.code == .invalidResponse)
            #expect(error.message.contains("coding"))
        }
        let redirect = ScriptedAnswer(302, Self.redirect + [("Content-Encoding", coding)])
        #expect(try await resolve(redirect).byteCount == 12345)
        let error = ScriptedAnswer(404, [("Content-Encoding", coding)])
        #expect(await code { _ = try await resolve(error) } == .notFound)
        let json = #"{"casUrl":"https://cas.example","accessToken":"a","exp":1848535668}"#
        let token = ScriptedAnswer(200, [("Content-Encoding", coding)], json: json)
        #expect(await code { _ = try await casToken(token) } == .invalidResponse)
    }

    @Test(arguments: ["identity", "Identity", ""])
    func `no coding at all`(coding: String) async throws {
        let answer = ScriptedAnswer(200, Self.identity + [("Content-Encoding", coding)], Array("bytes".utf8))
        #expect(try await resolve(answer).byteCount == 5)
    }

    // MARK: Redirects, and where the token goes

    @Test func `a renamed repository is followed with the token`() async throws {
        let request = try request()
        try await withHub({ request in
            request.target.hasPrefix("/new/")
                ? ScriptedAnswer(302, Self.redirect)
                : ScriptedAnswer(307, [("Location", "/new/name/resolve/main/folder/file.bin")])
        }) { hub, server in
            let found = try await hub.resolve(request).byteCount
            #expect(found == 12345)
            #expect(server.requests.map(\.target).last == "/new/name/resolve/main/folder/file.bin")
            #expect(server.requests.map(\.authorization) == ["Bearer hf_a", "Bearer hf_a"])
        }
    }

    @Test func `another origin gets no token, the Hub gets it again`() async throws {
        let request = try request()
        let hubOrigin = Mutex("")
        try await ScriptedServer.run({ _ in
            ScriptedAnswer(302, [("Location", hubOrigin.withLock { $0 } + "/back")])
        }) { other in
            let otherOrigin = other.origin
            try await withHub({ request in
                request.target == "/back"
                    ? ScriptedAnswer(302, Self.redirect)
                    : ScriptedAnswer(302, [("Location", otherOrigin + "/away")])
            }) { hub, server in
                hubOrigin.withLock { $0 = server.origin }
                _ = try await hub.resolve(request)
                #expect(other.requests.map(\.target) == ["/away"])
                #expect(other.requests.map(\.authorization) == [nil])
                #expect(server.requests.map(\.authorization) == ["Bearer hf_a", "Bearer hf_a"])
            }
        }
    }

    @Test func `the host in other words is another origin`() async throws {
        let request = try request()
        let port = Mutex("")
        try await withHub({ request in
            request.target == "/away"
                ? ScriptedAnswer(302, Self.redirect)
                : ScriptedAnswer(302, [("Location", "http://localhost:\(port.withLock { $0 })/away")])
        }) { hub, server in
            port.withLock { $0 = String(server.origin.split(separator: ":").last ?? "") }
            _ = try await hub.resolve(request)
            #expect(server.requests.map(\.authorization) == ["Bearer hf_a", nil])
        }
    }

    @Test func `without a token none is sent`() async throws {
        let request = try request(token: nil)
        try await withHub({ _ in ScriptedAnswer(302, Self.redirect) }) { hub, server in
            _ = try await hub.resolve(request)
            #expect(server.requests.map(\.authorization) == [nil])
        }
    }

    @Test func `redirects end`() async throws {
        let request = try request()
        try await withHub({ _ in ScriptedAnswer(302, [("Location", "/again")]) }) { hub, server in
            #expect(await code { _ = try await hub.resolve(request) } == .invalidResponse)
            #expect(server.requests.count == 6)
        }
    }

    @Test(arguments: [
        "ftp://files.example/x", "javascript:alert(1)", "http://user@hub.example/", "http:///x", "http://[::1/",
    ])
    func `a redirect to what is no address`(location: String) async throws {
        #expect(await code { _ = try await resolve(ScriptedAnswer(302, [("Location", location)])) } == .invalidResponse)
    }

    // MARK: Tokens

    private func casToken(_ answer: ScriptedAnswer) async throws -> CASToken {
        let scope = try request(revision: "refs/pr/1").tokenScope()
        return try await withHub({ _ in answer }) { hub, server in
            let token = try await hub.casToken(for: scope, refused: nil)
            #expect(server.requests.map(\.target) == ["/api/models/owner/name/xet-read-token/refs%2Fpr%2F1"])
            #expect(server.requests.map(\.authorization) == ["Bearer hf_a"])
            return token
        }
    }

    @Test func `a token route that only the Hub's headers name`() async throws {
        try await withHub({ request in
            switch request.target {
            case "/tokens/7":
                ScriptedAnswer(json: #"{"casUrl":"https://cas.example","accessToken":"cas","exp":1848535668}"#)
            case "/owner/name/resolve/main/folder/file.bin":
                ScriptedAnswer(
                    302,
                    [
                        ("X-Xet-Hash", FileHash.zero.text), ("X-Linked-Size", "0"), ("X-Repo-Commit", "c0ffee"),
                        ("X-Linked-Etag", "\"abc\""),
                        ("Link", "</tokens/7>; rel=\"xet-auth\""),
                    ]
                )
            default: ScriptedAnswer(404)
            }
        }) { hub, server in
            let request = try request()
            let file = try await hub.resolve(request)
            let token = try await hub.casToken(for: request.tokenScope(file), refused: nil)
            #expect(token.secret == "cas")
            let targets = server.requests.map(\.target).suffix(2)
            #expect(targets == ["/api/models/owner/name/xet-read-token/main", "/tokens/7"])
            #expect(server.requests.allSatisfy { $0.authorization == "Bearer hf_a" })
        }
    }

    @Test func `a token route at another origin is not asked`() async throws {
        try await withHub({ request in
            guard request.target.hasPrefix("/owner") else { return ScriptedAnswer(404) }
            return ScriptedAnswer(
                302,
                [
                    ("X-Xet-Hash", FileHash.zero.text), ("X-Linked-Size", "0"), ("X-Repo-Commit", "c0ffee"),
                    ("ETag", "\"abc\""), ("Link", "<http://elsewhere.example/tokens/7>; rel=\"xet-auth\""),
                ]
            )
        }) { hub, _ in
            let file = try await hub.resolve(request())
            #expect(file.tokenRoute == nil)
        }
    }

    @Test func `a CAS token`() async throws {
        let json = #"{"casUrl":"https://cas.example/base","accessToken":"secret","exp":1848535668,"more":1}"#
        let token = try await casToken(ScriptedAnswer(json: json))
        #expect(token == CASToken(endpoint: "https://cas.example/base", secret: "secret", expiration: 1_848_535_668))
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"casUrl":"https://cas.example","accessToken":"a"}"#,
        #"{"casUrl":"https://cas.example","accessToken":"a","exp":-1}"#,
        #"{"casUrl":"https://cas.example","accessToken":"a","exp":"soon"}"#,
        #"{"casUrl":"cas.example","accessToken":"a","exp":1}"#,
        #"{"casUrl":"file:///etc/passwd","accessToken":"a","exp":1}"#,
        #"{"casUrl":"https://u:p@cas.example","accessToken":"a","exp":1}"#,
        #"{"casUrl":"https://cas.example","accessToken":"","exp":1}"#,
        #"{"casUrl":"https://cas.example","accessToken":"a\r\nX-Evil: 1","exp":1}"#,
        #"{"casUrl":"https://cas.example","accessToken":"a b","exp":1}"#,
    ])
    func `what is no CAS token`(json: String) async throws {
        #expect(await code { _ = try await casToken(ScriptedAnswer(json: json)) } == .invalidResponse)
    }

    @Test func `a CAS token of any length`() async throws {
        for (count, expected) in [(64_000, nil), (64_001, XetError.Code.invalidResponse)] {
            let secret = String(repeating: "a", count: count)
            let json = #"{"casUrl":"https://cas.example","accessToken":"\#(secret)","exp":1}"#
            #expect(await code { _ = try await casToken(ScriptedAnswer(json: json)) } == expected)
        }
    }

    // MARK: Connections that fail

    @Test func `nobody listens`() async throws {
        let request = try request()
        let endpoint = try #require(HTTPAddress("http://127.0.0.1:1"))
        try await withUpstream { http in
            let hub = HubClient(endpoint: endpoint, http: http)
            #expect(await code { _ = try await hub.resolve(request) } == .connectionFailed)
        }
    }

    @Test func `a Hub that does not answer`() async throws {
        let request = try request()
        var configuration = UpstreamHTTP.Configuration()
        configuration.headTimeout = .milliseconds(50)
        try await ScriptedServer.run({ _ in
            var answer = ScriptedAnswer()
            answer.isSilent = true
            return answer
        }) { server in
            let endpoint = try #require(HTTPAddress(server.origin))
            try await withUpstream(configuration) { http in
                let hub = HubClient(endpoint: endpoint, http: http)
                #expect(await code { _ = try await hub.resolve(request) } == .timedOut)
            }
        }
    }

    @Test func `an answer without end is cut off`() async throws {
        let scope = try request().tokenScope()
        let json = Array(repeating: UInt8(ascii: " "), count: HubClient.maximumBodyByteCount + 1)
        try await withHub({ _ in ScriptedAnswer(200, [], json) }) { hub, _ in
            #expect(await code { _ = try await hub.casToken(for: scope, refused: nil) } == .invalidResponse)
        }
    }
}
