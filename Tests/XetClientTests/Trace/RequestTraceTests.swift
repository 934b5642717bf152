import HTTPTypes
import Instrumentation
import NIOHTTP1
import Testing
import XetAccess
import XetClientTestSupport
import XetWire

@testable import XetClient

@Suite(.timeLimit(.minutes(5))) struct RequestTraceTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func trace(_ parent: String?, _ state: String?) -> RequestTrace {
        RequestTrace(id: "one", parent: parent, state: state)
    }

    @Test func `goes along with every request of the task, redirected ones too`() async throws {
        let trace = trace(Self.parent, "a=1")
        try await ScriptedServer.run { request in
            request.target == "/x" ? ScriptedAnswer(302, [("Location", "/y")]) : ScriptedAnswer()
        } _: { server in
            try await withUpstream { http in
                let address = try #require(HTTPAddress(server.origin + "/x"))
                var context = InstrumentationContext.topLevel
                context.requestTrace = trace
                try await InstrumentationContext.withValue(context) {
                    let request = UpstreamRequest(.get, address, headers: [.requestID: "theirs"])
                    _ = try await http.exchange(request, followsRedirects: true)
                }
                #expect(server.requests.map(\.target) == ["/x", "/y"])
                for request in server.requests {
                    #expect(request.headers["x-request-id"] == ["one"])
                    #expect(request.headers["traceparent"] == [Self.parent])
                    #expect(request.headers["tracestate"] == ["a=1"])
                }
            }
        }
    }

    @Test func `without a trace only the id is set`() {
        var headers: HTTPHeaders = [:]
        trace(nil, "a=1").apply(to: &headers)
        #expect(Array(headers.map(\.name)) == ["X-Request-Id"])
    }

    @Test(arguments: ["", "a\r\nX: y", "a\u{7F}", "ü", String(repeating: "a", count: 513)])
    func `states that are not passed on`(state: String) {
        #expect(trace(Self.parent, state).state == nil)
    }

    @Test func `the longest state`() {
        let state = String(repeating: "a", count: 512)
        #expect(trace(Self.parent, state).state == state)
    }
}
