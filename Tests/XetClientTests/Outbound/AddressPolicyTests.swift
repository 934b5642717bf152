import NIOHTTP1
import Testing
import XetAccess
import XetClientTestSupport
import XetWire

@testable import XetClient

@Suite struct AddressPolicyTests {
    private func origin(_ text: String) throws -> HTTPAddress.Origin { try #require(HTTPAddress(text)).origin }

    private func permits(_ policy: AddressPolicy, _ address: String) throws -> Bool {
        policy.permits(try #require(IPAddress(address)))
    }

    private func refuses(_ policy: AddressPolicy, _ address: String, elsewhere: Bool = false) throws -> Bool {
        let origin = try origin(address)
        do {
            try policy.check(origin, isResolvedElsewhere: elsewhere)
            return false
        } catch {
            #expect(error.code == .unreachable)
            #expect(error.message.contains("--private-upstreams"))
            return true
        }
    }

    private static let local = ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "100.64.0.1", "0.0.0.0"]
    private static let special = ["169.254.169.254", "fe80::1", "224.0.0.1"]

    @Test func `a Hub on the Internet leads nowhere but there`() throws {
        for hub in ["https://huggingface.co", "http://8.8.8.8"] {
            let policy = AddressPolicy(.auto, hub: try origin(hub))
            policy.noteExempt(IPAddress("8.8.8.8"))
            #expect(try permits(policy, "1.1.1.1"))
            for address in Self.local + Self.special {
                #expect(try !permits(policy, address))
            }
        }
    }

    @Test(arguments: ["http://127.0.0.1:8000", "http://10.1.2.3", "http://[::1]:80", "http://0x7f.1", "http://127.1"])
    func `a private Hub leads to private addresses`(hub: String) throws {
        let policy = AddressPolicy(.auto, hub: try origin(hub))
        #expect(try Self.local.allSatisfy { try permits(policy, $0) })
        #expect(try !Self.special.contains { try permits(policy, $0) })
    }

    @Test func `where a named Hub is shows a connection to it`() throws {
        let policy = AddressPolicy(.auto, hub: try origin("https://hub.example"))
        #expect(try !permits(policy, "10.0.0.1"))
        policy.noteExempt(IPAddress("192.168.1.1"))
        #expect(try permits(policy, "10.0.0.1"))
        policy.noteExempt(IPAddress("8.8.8.8"))
        #expect(try !permits(policy, "10.0.0.1"))
    }

    @Test func `or a look at its name`() async throws {
        let policy = AddressPolicy(.auto, hub: try origin("http://localhost:1"))
        #expect(try !permits(policy, "127.0.0.1"))
        // A forward proxy will look this one up.
        await policy.locateHub(for: try origin("http://cas.example"), isResolvedElsewhere: true)
        #expect(try !permits(policy, "127.0.0.1"))
        await policy.locateHub(for: try origin("http://10.0.0.1"), isResolvedElsewhere: true)
        #expect(try permits(policy, "127.0.0.1"))
        let unknown = AddressPolicy(.auto, hub: try origin("http://hub.invalid"))
        await unknown.locateHub(for: try origin("http://cas.example"), isResolvedElsewhere: false)
        #expect(try !permits(unknown, "127.0.0.1"))
    }

    @Test func `all or none if the operator says so`() throws {
        let hub = try origin("http://127.0.0.1:8000")
        let (allow, deny) = (AddressPolicy(.allow, hub: nil), AddressPolicy(.deny, hub: hub))
        for address in Self.local + Self.special {
            #expect(try permits(allow, address))
            #expect(try !permits(deny, address))
        }
        #expect(deny.isExempt(hub))
        #expect(!deny.isExempt(try origin("http://127.0.0.1:8001")))
        #expect(!deny.isExempt(try origin("https://127.0.0.1:8000")))
        #expect(try !refuses(deny, "http://127.0.0.1:8000/x"))
        #expect(try refuses(deny, "http://127.0.0.1:8001/x"))
        #expect(try !refuses(allow, "http://169.254.169.254/latest"))
    }

    @Test(arguments: [
        "http://127.0.0.1", "http://127.1:8080/x", "http://2130706433", "http://0x7f000001", "http://017700000001",
        "http://[::1]", "http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]", "http://0", "http://169.254.169.254",
        "http://10.0.0.1.", "http://[fe80::1]", "http://[64:ff9b::7f00:1]",
    ])
    func `written out, an address is refused before anything is sent`(address: String) throws {
        let policy = AddressPolicy(.auto, hub: try origin("https://huggingface.co"))
        for elsewhere in [false, true] {
            #expect(try refuses(policy, address, elsewhere: elsewhere))
        }
    }

    @Test func `names are for whoever resolves them`() throws {
        let policy = AddressPolicy(.auto, hub: try origin("https://huggingface.co"))
        #expect(try !refuses(policy, "https://cdn.example", elsewhere: true))
        #expect(try !refuses(policy, "http://localhost"))
        for name in ["http://localhost", "http://LOCALHOST.:81", "http://a.localhost"] {
            #expect(try refuses(policy, name, elsewhere: true))
        }
    }

    // MARK: Through connections

    private func code(_ address: String, _ configuration: UpstreamHTTP.Configuration) async throws -> XetError.Code? {
        let address = try #require(HTTPAddress(address))
        return try await withUpstream(configuration) { http in
            do {
                let (response, address) = try await http.send(.GET, address)
                _ = try await http.body(of: response, from: address, upTo: 1024)
                return nil
            } catch let error as XetError {
                return error.code
            }
        }
    }

    /// What counts is the address that is connected to.
    @Test func `a name that leads here`() async throws {
        try await ScriptedServer.run({ _ in ScriptedAnswer(200) }) { server in
            let named = server.origin.replacing("127.0.0.1", with: "localhost")
            var configuration = UpstreamHTTP.Configuration()
            for (mode, hub, expected) in [
                (.deny, nil, .unreachable), (.auto, "http://hub.invalid", .unreachable), (.allow, nil, nil),
                (.deny, named, nil), (.auto, server.origin, nil), (.auto, named, nil),
                (.deny, server.origin, .unreachable),
            ] as [(PrivateUpstreams, String?, XetError.Code?)] {
                configuration.privateUpstreams = mode
                configuration.hub = try hub.map { try origin($0) }
                let before = server.requests.count
                #expect(try await code(named, configuration) == expected)
                #expect(server.requests.count == before + (expected == nil ? 1 : 0))
            }
        }
    }

    @Test func `a redirect that leads here`() async throws {
        try await ScriptedServer.run({ _ in ScriptedAnswer(200) }) { inside in
            for host in ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "[::ffff:127.0.0.1]"] {
                let target = inside.origin.replacing("127.0.0.1", with: host) + "/secret"
                try await ScriptedServer.run({ _ in ScriptedAnswer(302, [("Location", target)]) }) { hub in
                    var configuration = UpstreamHTTP.Configuration()
                    configuration.privateUpstreams = .deny
                    configuration.hub = try origin(hub.origin)
                    // Some connections at once, since their failures meet in the pool.
                    try await withUpstream(configuration) { http in
                        let address = try #require(HTTPAddress(hub.origin))
                        try await withThrowingTaskGroup(of: XetError.Code?.self) { group in
                            for _ in 0..<8 {
                                group.addTask {
                                    do {
                                        _ = try await http.send(.GET, address)
                                        return nil
                                    } catch let error as XetError {
                                        return error.code
                                    }
                                }
                            }
                            for try await code in group { #expect(code == .unreachable) }
                        }
                    }
                }
            }
            #expect(inside.requests.isEmpty)
        }
    }
}
