import HTTPTypes
import NIOCore
import NIOHTTP1
import Testing
import XetAccess
import XetClientTestSupport
import XetWire

@testable import XetClient

@Suite(.timeLimit(.minutes(5))) struct UpstreamExchangeTests {
    private func address(_ server: ScriptedServer, _ path: String = "/x") throws -> HTTPAddress {
        try #require(HTTPAddress(server.origin + path))
    }

    /// A body of `count` pieces of 64 KiB that tells how many were asked for.
    private func body(count: Int, byteCount: Int64? = nil, ending error: XetError? = nil) -> UpstreamRequest.Body {
        let pieces = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            for index in 0..<count {
                continuation.yield(ByteBuffer(repeating: UInt8(truncatingIfNeeded: index), count: 65536))
            }
            continuation.finish(throwing: error)
        }
        return UpstreamRequest.Body(byteCount: byteCount, pieces)
    }

    private func text(_ answer: UpstreamResponse) async throws -> String {
        try await answer.withBody(upTo: 1000, gate: TaskGate()) { String(buffer: $0) }
    }

    // MARK: Requests

    @Test func `what is given is what is sent`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(418, [("ETag", "1")], Array("short and stout".utf8))
        } _: { server in
            try await withUpstream { http in
                let request = UpstreamRequest(
                    .patch,
                    try address(server, "/a%2Fb?x=%20"),
                    headers: [.userAgent: "theirs", .requestID: "7"],
                    authorization: "Bearer hf_a",
                    body: UpstreamRequest.Body(ByteBuffer(string: "hello"))
                )
                let answer = try await http.exchange(request)
                #expect(answer.head.status.code == 418)
                #expect(answer.headers[.eTag] == "1")
                #expect(try await text(answer) == "short and stout")
                let sent = try #require(server.requests.first)
                #expect(sent.method == .PATCH)
                #expect(sent.target == "/a%2Fb?x=%20")
                #expect(sent.authorization == "Bearer hf_a")
                #expect(sent.headers["user-agent"] == ["theirs"])
                #expect(sent.headers["x-request-id"] == ["7"])
                #expect(sent.headers["content-length"] == ["5"])
                #expect(sent.body == Array("hello".utf8))
            }
        }
    }

    @Test(arguments: [nil, 65536 * 20] as [Int64?])
    func `a body in pieces`(byteCount: Int64?) async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer()
        } _: { server in
            try await withUpstream { http in
                let request = UpstreamRequest(.post, try address(server), body: body(count: 20, byteCount: byteCount))
                #expect(try await http.exchange(request).head.status.code == 200)
                let sent = try #require(server.requests.first)
                #expect(sent.body.count == 65536 * 20)
                #expect(sent.body.last == 19)
                #expect(sent.headers.first(name: "content-length") == byteCount.map(String.init))
            }
        }
    }

    @Test func `a body that breaks off is not taken for a whole one`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer()
        } _: { server in
            try await withUpstream { http in
                for byteCount in [nil, 65536 * 9] as [Int64?] {
                    let broken = body(count: 3, byteCount: byteCount, ending: XetError(.connectionFailed, "gone"))
                    let request = UpstreamRequest(.post, try address(server), body: broken)
                    await #expect(throws: (any Error).self) { try await http.exchange(request) }
                }
                // Shorter than announced, without a word.
                let short = UpstreamRequest(.post, try address(server), body: body(count: 3, byteCount: 65536 * 9))
                await #expect(throws: XetError.self) { try await http.exchange(short) }
                #expect(server.requests.isEmpty)
            }
        }
    }

    /// A server that refuses an upload does not read it; the rest of the body still has to be taken from the client.
    @Test func `an answer before the body was sent`() async throws {
        let early: ScriptedServer.EarlyScript = { _ in ScriptedAnswer(401, [("Connection", "close")]) }
        try await ScriptedServer.run({ _ in ScriptedAnswer() }, early: early) { server in
            try await withUpstream { http in
                let request = UpstreamRequest(
                    .post,
                    try address(server),
                    body: body(count: 400, byteCount: 65536 * 400)
                )
                #expect(try await http.exchange(request).head.status.code == 401)
            }
        }
    }

    @Test func `nobody there`() async throws {
        let gone = try await ScriptedServer.run { _ in
            ScriptedAnswer()
        } _: {
            try address($0)
        }
        try await withUpstream { http in
            for body in [nil, body(count: 10)] {
                let request = UpstreamRequest(body == nil ? .get : .post, gone, body: body)
                let error = await #expect(throws: XetError.self) { try await http.exchange(request) }
                #expect(error?.code == .connectionFailed)
            }
        }
    }

    // MARK: Redirects

    @Test func `redirects are passed back unless they are to be followed`() async throws {
        let script: ScriptedServer.Script = { request in
            request.target == "/x" ? ScriptedAnswer(302, [("Location", "/y")]) : ScriptedAnswer(200)
        }
        try await ScriptedServer.run(script) { server in
            try await withUpstream { http in
                let request = UpstreamRequest(.get, try address(server), authorization: "Bearer a")
                #expect(try await http.exchange(request).head.status.code == 302)
                let followed = try await http.exchange(request, followsRedirects: true)
                #expect(followed.head.status.code == 200)
                #expect(followed.address.target == "/y")
                #expect(server.requests.last?.authorization == "Bearer a")
                var upload = UpstreamRequest(.post, try address(server), body: body(count: 1))
                upload.authorization = "Bearer a"
                #expect(try await http.exchange(upload, followsRedirects: true).head.status.code == 302)
            }
        }
    }

    @Test func `no other origin gets the authorization`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200)
        } _: { other in
            let location = other.origin + "/there"
            try await ScriptedServer.run { _ in
                ScriptedAnswer(302, [("Location", location)])
            } _: { server in
                try await withUpstream { http in
                    var request = UpstreamRequest(.get, try address(server), authorization: "Bearer secret")
                    request.headers[.range] = "bytes=0-9"
                    _ = try await http.exchange(request, followsRedirects: true)
                    #expect(server.requests.first?.authorization == "Bearer secret")
                    let sent = try #require(other.requests.first)
                    #expect(sent.authorization == nil)
                    #expect(sent.range == "bytes=0-9")
                }
            }
        }
    }

    @Test func `redirects that do not end`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(302, [("Location", "/x")])
        } _: { server in
            try await withUpstream { http in
                let request = UpstreamRequest(.get, try address(server))
                let error = await #expect(throws: XetError.self) {
                    try await http.exchange(request, followsRedirects: true)
                }
                #expect(error?.code == .invalidResponse)
                #expect(server.requests.count == 6)
            }
        }
    }

    // MARK: Answers

    @Test(arguments: [0, 50, 99, 100, .max])
    func `a whole body`(threshold: Int) async throws {
        let sent = [UInt8](repeating: 1, count: 100)
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200, [], sent)
        } _: { server in
            try await withUpstream { http in
                let request = UpstreamRequest(.get, try address(server))
                let gate = TaskGate()
                let answer = try await http.exchange(request)
                let body = try await answer.withBody(upTo: 100, threshold: threshold, gate: gate) { Array(buffer: $0) }
                #expect(body == sent)
                let other = try await http.exchange(request)
                let error = await #expect(throws: XetError.self) {
                    try await other.withBody(upTo: 99, threshold: threshold, gate: gate) { _ in }
                }
                #expect(error?.code == .invalidResponse)
            }
        }
    }

    /// Only long bodies wait for others.
    @Test func `short bodies pass a gate that is shut`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200, [], [UInt8](repeating: 1, count: 100))
        } _: { server in
            try await withUpstream { http in
                let answer = try await http.exchange(UpstreamRequest(.get, try address(server)))
                let gate = TaskGate()
                let count = try await gate.withTurn {
                    try await answer.withBody(upTo: 100, threshold: 100, gate: gate) { $0.readableBytes }
                }
                #expect(count == 100)
            }
        }
    }

    @Test(arguments: [true, false], [0, 10, 99])
    func `room is asked for before a long body is read on`(isDeclared: Bool, threshold: Int) async throws {
        let sent = [UInt8](repeating: 1, count: 1000)
        var answer = ScriptedAnswer(200, [], sent)
        answer.isChunked = !isDeclared
        try await ScriptedServer.run { [answer] _ in
            answer
        } _: { server in
            try await withUpstream { http in
                let answer = try await http.exchange(UpstreamRequest(.get, try address(server)))
                var asked: [Int] = []
                let count = try await answer.withBody(
                    upTo: 1000,
                    threshold: threshold,
                    gate: TaskGate(),
                    reserve: { asked.append($0) }
                ) { $0.readableBytes }
                #expect(count == 1000)
                #expect(asked.last == 1000)
                if isDeclared { #expect(asked == [1000]) }
                #expect(asked == asked.sorted())
                // Without room nothing more is read.
                struct Full: Error {}
                let other = try await http.exchange(UpstreamRequest(.get, try address(server)))
                await #expect(throws: Full.self) {
                    try await other.withBody(
                        upTo: 1000,
                        threshold: threshold,
                        gate: TaskGate(),
                        reserve: { _ in throw Full() }
                    ) { _ in }
                }
            }
        }
    }

    @Test func `a silent server`() async throws {
        var silent = ScriptedAnswer()
        silent.isSilent = true
        try await ScriptedServer.run { [silent] _ in
            silent
        } _: { server in
            try await withUpstream { http in
                for body in [nil, body(count: 1)] {
                    let request = UpstreamRequest(
                        body == nil ? .get : .post,
                        try address(server),
                        body: body,
                        headTimeout: .milliseconds(20)
                    )
                    let error = await #expect(throws: XetError.self) { try await http.exchange(request) }
                    #expect(error?.code == .timedOut)
                }
            }
        }
    }

    @Test func `a body that breaks off`() async throws {
        var broken = ScriptedAnswer(200, [], [UInt8](repeating: 1, count: 100))
        broken.announcedByteCount = 200
        broken.isBroken = true
        try await ScriptedServer.run { [broken] _ in
            broken
        } _: { server in
            try await withUpstream { http in
                let answer = try await http.exchange(UpstreamRequest(.get, try address(server)))
                var received = 0
                let error = await #expect(throws: XetError.self) {
                    try await answer.forEach { received += $0.readableBytes }
                }
                #expect(error?.code == .connectionFailed)
                #expect(received <= 100)
            }
        }
    }
}
