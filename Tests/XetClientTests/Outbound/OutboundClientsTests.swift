import AsyncHTTPClient
import NIOHTTP1
import Testing
import XetAccess
import XetClientTestSupport
import XetWire

@testable import XetClient

@Suite struct OutboundClientsTests {
    /// `user:word` in Base64.
    private static let authorization = "Basic dXNlcjp3b3Jk"

    /// Settings that lead everything through a server.
    private func settings(
        through server: ScriptedServer,
        exceptions: String = ""
    ) throws -> UpstreamHTTP.Configuration {
        let proxy = try #require(OutboundProxy(server.origin.replacing("http://", with: "http://user:word@")))
        var configuration = UpstreamHTTP.Configuration()
        configuration.proxies = OutboundProxies(http: proxy, https: proxy, exceptions: ProxyExceptions(exceptions))
        return configuration
    }

    private func get(
        _ address: String,
        _ configuration: UpstreamHTTP.Configuration,
        bearer: String? = nil
    ) async throws {
        let address = try #require(HTTPAddress(address))
        try await withUpstream(configuration) { http in
            let (response, address) = try await http.send(.GET, address, bearer: bearer)
            #expect(response.status == .ok)
            _ = try await http.body(of: response, from: address, upTo: 1024)
        }
    }

    @Test(arguments: [
        ("http://hub.invalid", "hub.invalid", "/"),
        ("http://hub.invalid:8080/a%2Fb?c=d", "hub.invalid:8080", "/a%2Fb?c=d"),
        ("http://[fd00::1]:81/x", "[fd00::1]:81", "/x"),
    ])
    func `http addresses are asked for whole`(address: String, host: String, target: String) async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200)
        } _: { server in
            try await get(address, settings(through: server), bearer: "hf_token")
            let request = try #require(server.requests.first)
            #expect(server.requests.count == 1)
            #expect(request.target == "http://\(host)\(target)")
            #expect(request.headers["host"] == [host])
            #expect(request.headers["proxy-authorization"] == [Self.authorization])
            #expect(request.authorization == "Bearer hf_token")
            #expect(request.headers["user-agent"] == ["xet"])
        }
    }

    @Test func `one connection serves several hosts`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200)
        } _: { server in
            let addresses = ["http://hub.invalid/1", "http://cdn.invalid/2", "http://hub.invalid/3"]
            try await withUpstream(try settings(through: server)) { http in
                for address in addresses {
                    let (response, address) = try await http.send(.GET, try #require(HTTPAddress(address)))
                    _ = try await http.body(of: response, from: address, upTo: 1024)
                }
            }
            #expect(server.requests.map(\.target) == addresses)
        }
    }

    @Test func `exceptions are asked directly, without the proxy's credentials`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200)
        } _: { server in
            try await get(server.origin + "/x", settings(through: server, exceptions: "127.0.0.1"))
            #expect(server.requests.map(\.target) == ["/x"])
            #expect(server.requests.first?.headers.contains(name: "proxy-authorization") == false)
        }
    }

    @Test func `a redirect may leave the proxy, and leaves its credentials and the token there`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200)
        } _: { target in
            let location = target.origin + "/there"
            try await ScriptedServer.run { _ in
                ScriptedAnswer(302, [("Location", location)])
            } _: { proxy in
                let settings = try settings(through: proxy, exceptions: "127.0.0.1")
                try await get("http://hub.invalid/here", settings, bearer: "hf_token")
                #expect(proxy.requests.map(\.target) == ["http://hub.invalid/here"])
            }
            let request = try #require(target.requests.first)
            #expect(request.target == "/there")
            #expect(request.authorization == nil)
            #expect(request.headers.contains(name: "proxy-authorization") == false)
        }
    }

    @Test func `https addresses are asked for by tunnel, with the credentials of the proxy alone`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(403)
        } _: { server in
            let settings = try settings(through: server)
            let error = try await #require(throws: XetError.self) {
                try await get("https://hub.invalid/secret", settings, bearer: "hf_token")
            }
            #expect(error.code == .connectionFailed)
            #expect(error.message == "connection to https://hub.invalid through the proxy \(server.origin) failed")
            let request = try #require(server.requests.first)
            #expect(request.method == .CONNECT)
            #expect(request.target == "hub.invalid:443")
            #expect(request.headers["proxy-authorization"] == [Self.authorization])
            #expect(request.authorization == nil)
        }
    }

    @Test(arguments: ["http://hub.invalid/", "https://hub.invalid/"])
    func `a proxy that wants other credentials`(address: String) async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(407)
        } _: { server in
            let settings = try settings(through: server)
            let error = try await #require(throws: XetError.self) { try await get(address, settings) }
            #expect(error.code == .unreachable)
            #expect(error.isTransient == false)
            #expect(error.message.contains("the proxy \(server.origin) wants a user and a password"))
            #expect(!"\(error)".contains("word@") && !"\(error)".contains(Self.authorization))
            #expect(server.requests.count == 1)
        }
    }

    @Test func `a proxy that is not there is named`() async throws {
        // Not the port of a server that is gone: another test's may have it by now.
        let origin = "http://127.0.0.1:1"
        var configuration = UpstreamHTTP.Configuration()
        configuration.proxies.http = OutboundProxy(origin)
        let error = try await #require(throws: XetError.self) { try await get("http://hub.invalid/", configuration) }
        #expect(error.code == .connectionFailed)
        #expect(error.message.contains("http://hub.invalid through the proxy \(origin)"))
    }
}
